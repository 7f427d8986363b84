//! A labelled input with its hint, and what is wrong with it beside it.

use leptos::{html, prelude::*};
use shared::{credentials::Password, problem::FieldCode};

use super::asking::Asking;
use crate::words;

/// The field that holds what somebody wants to be called.
pub const DISPLAY_NAME: &str = "display_name";
/// The field that holds what a device shows beside the password.
pub const CODE: &str = "one_time_code";
/// The fields of passwords.
pub const CURRENT_PASSWORD: &str = "current_password";
/// See [`CURRENT_PASSWORD`].
pub const NEW_PASSWORD: &str = "new_password";

/// What is wrong with which field.
pub type Faults = RwSignal<Vec<(String, FieldCode)>>;

#[component]
pub fn Field(
    /// The field's name in the request.
    name: &'static str,
    /// What it is called.
    label: &'static str,
    /// What is good to know about it.
    #[prop(optional)]
    hint: String,
    /// What a password manager should take it for.
    autocomplete: &'static str,
    /// What stands in it already, to be written over.
    #[prop(optional)]
    value: String,
    /// Where its value is read.
    node: NodeRef<html::Input>,
    /// What the form asks.
    asking: Asking,
) -> impl IntoView {
    let (id, faults) = (asking.field(name), asking.faults);
    let fault = move || faults.read().iter().find(|(field, _)| field == name).map(|(_, code)| *code);
    let told = move || fault().map(|code| words::field(name, code)).unwrap_or_default();
    let described = format!("{id}-hint");
    let is_name = name == DISPLAY_NAME;
    let is_password = matches!(name, "password" | CURRENT_PASSWORD | NEW_PASSWORD);
    let shown = RwSignal::new(false);
    let kind = move || match name {
        _ if is_password && !shown.get() => "password",
        "email" => "email",
        _ => "text",
    };
    let toggle = is_password.then(|| view! { <ShowToggle shown /> });
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <div class="input">
                <input
                    id=id
                    name=name
                    type=kind
                    autocomplete=autocomplete
                    autocapitalize=if is_name { "words" } else { "none" }
                    spellcheck="false"
                    value=value
                    on:focus=move |_| select(node, is_name)
                    node_ref=node
                    aria-describedby=described.clone()
                    aria-invalid=move || fault().map(|_| "true")
                    on:input=move |_| forgive(faults, name)
                />
                {toggle}
            </div>
            <div id=described>
                <p role="alert" class="error">{told}</p>
                <p class="hint" hidden=move || fault().is_some()>{hint}</p>
            </div>
        </div>
    }
}

/// Read where it stands: some password managers fill a form without a word.
pub fn value(node: NodeRef<html::Input>) -> String {
    node.get_untracked().map(|input| input.value()).unwrap_or_default()
}

/// What was found, if anything is wrong.
pub fn faults<const N: usize>(
    checks: [(&'static str, Result<(), FieldCode>); N],
) -> Option<Vec<(String, FieldCode)>> {
    let found: Vec<_> = checks
        .into_iter()
        .filter_map(|(name, check)| check.err().map(|code| (name.to_owned(), code)))
        .collect();
    (!found.is_empty()).then_some(found)
}

/// A password that is only compared need not follow the rules for new ones.
pub fn given(password: &Password) -> Result<(), FieldCode> {
    if password.0.is_empty() { Err(FieldCode::Blank) } else { Ok(()) }
}

/// A name that was proposed goes with the first letter of another one.
fn select(node: NodeRef<html::Input>, is_name: bool) {
    if let Some(input) = node.get_untracked().filter(|_| is_name) {
        input.select();
    }
}

/// Whoever mends a field is not told off any longer.
fn forgive(faults: Faults, name: &str) {
    if faults.read_untracked().iter().any(|(field, _)| field == name) {
        faults.update(|faults| faults.retain(|(field, _)| field != name));
    }
}

#[component]
fn ShowToggle(
    /// Whether the password can be read.
    shown: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <button type="button" class="quiet" on:click=move |_| shown.update(|shown| *shown = !*shown)>
            {move || if shown.get() { words::HIDE } else { words::SHOW }}
            <span class="hidden">{words::THE_PASSWORD}</span>
        </button>
    }
}
