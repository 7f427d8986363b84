//! A labelled text field with hint and error.

use leptos::{html, prelude::*};
use shared::problem::FieldCode;

use super::form_request::{FieldErrors, FormRequest};
use crate::strings::{self, errors};

// Names of fields that several forms have.
pub const DISPLAY_NAME: &str = "display_name";
pub const CODE: &str = "one_time_code";
pub const CURRENT_PASSWORD: &str = "current_password";
pub const NEW_PASSWORD: &str = "new_password";

/// A text field. `name` is its name in the request, whose errors are shown; `autocomplete` is for password managers.
#[component]
pub fn Field(
    name: &'static str,
    label: &'static str,
    #[prop(optional)] hint: String,
    autocomplete: &'static str,
    #[prop(optional)] value: String,
    node: NodeRef<html::Input>,
    request: FormRequest,
) -> impl IntoView {
    let (id, errors) = (request.field_id(name), request.field_errors);
    let error =
        Signal::derive(move || errors.read().iter().find(|(field, _)| field == name).map(|(_, code)| *code));
    let description_id = format!("{id}-hint");
    let is_password = matches!(name, "password" | CURRENT_PASSWORD | NEW_PASSWORD);
    let reveal = RwSignal::new(false);
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <div class="input">
                <input
                    id=id
                    name=name
                    type=move || input_type(name, is_password && !reveal.get())
                    autocomplete=autocomplete
                    autocapitalize=if name == DISPLAY_NAME { "words" } else { "none" }
                    spellcheck="false"
                    value=value
                    on:focus=move |_| select_display_name(name, node)
                    node_ref=node
                    aria-describedby=description_id.clone()
                    aria-invalid=move || error.get().map(|_| "true")
                    on:input=move |_| clear_error(errors, name)
                />
                {is_password.then(|| view! { <RevealToggle reveal /> })}
            </div>
            <Description id=description_id name error hint />
        </div>
    }
}

/// The error of the field, or else its hint.
#[component]
fn Description(
    id: String,
    name: &'static str,
    error: Signal<Option<FieldCode>>,
    hint: String,
) -> impl IntoView {
    let message = move || error.get().map(|code| errors::for_field(name, code)).unwrap_or_default();
    view! {
        <div id=id>
            <p role="alert" class="error">{message}</p>
            <p class="hint" hidden=move || error.get().is_some()>{hint}</p>
        </div>
    }
}

fn input_type(name: &str, is_concealed: bool) -> &'static str {
    match name {
        _ if is_concealed => "password",
        "email" => "email",
        _ => "text",
    }
}

/// The value is read from the element: some password managers fill in a form without an event.
pub fn input_value(node: NodeRef<html::Input>) -> String {
    node.get_untracked().map(|input| input.value()).unwrap_or_default()
}

/// The errors of the failed checks; `None` if all succeeded.
pub fn collect_errors<const N: usize>(
    checks: [(&'static str, Result<(), FieldCode>); N],
) -> Option<Vec<(String, FieldCode)>> {
    let errors: Vec<_> = checks
        .into_iter()
        .filter_map(|(name, check)| check.err().map(|code| (name.to_owned(), code)))
        .collect();
    (!errors.is_empty()).then_some(errors)
}

/// The only rule for an existing password: it need not follow those for new ones.
pub fn check_not_empty(text: &str) -> Result<(), FieldCode> {
    if text.is_empty() { Err(FieldCode::Blank) } else { Ok(()) }
}

/// Typing replaces a generated name.
fn select_display_name(name: &str, node: NodeRef<html::Input>) {
    if let Some(input) = node.get_untracked().filter(|_| name == DISPLAY_NAME) {
        input.select();
    }
}

/// Hides the error of a field while it is being corrected.
fn clear_error(errors: FieldErrors, name: &str) {
    if errors.read_untracked().iter().any(|(field, _)| field == name) {
        errors.update(|errors| errors.retain(|(field, _)| field != name));
    }
}

#[component]
fn RevealToggle(reveal: RwSignal<bool>) -> impl IntoView {
    view! {
        <button type="button" class="quiet" on:click=move |_| reveal.update(|reveal| *reveal = !*reveal)>
            {move || if reveal.get() { strings::HIDE } else { strings::SHOW }}
            <span class="visually-hidden">{strings::PASSWORD_SUFFIX}</span>
        </button>
    }
}
