//! The controls of the settings: a switch, and a choice among a few.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use crate::chat::act::Act;

/// Shows what the chat has, not what was clicked: it turns when everyone's does.
#[component]
pub fn Switch(
    /// What it switches.
    label: &'static str,
    /// What that means.
    hint: &'static str,
    /// As it is now.
    on: Signal<bool>,
    /// Why it cannot be changed, if it cannot.
    locked: Signal<Option<&'static str>>,
    /// What is being done.
    act: Act,
    /// Turns it.
    #[prop(into)]
    turn: Callback<bool>,
) -> impl IntoView {
    let on_change = move |event: ev::Event| {
        let wanted = event_target_checked(&event);
        let input = event.target().and_then(|it| it.dyn_into::<web_sys::HtmlInputElement>().ok());
        if let Some(input) = input {
            input.set_checked(!wanted);
        }
        turn.run(wanted);
    };
    view! {
        <label class="switch">
            <span>
                {label} <span class="hint">{move || locked.get().unwrap_or(hint)}</span>
            </span>
            <input
                type="checkbox"
                role="switch"
                prop:checked=move || on.get()
                disabled=move || locked.get().is_some()
                aria-disabled=move || act.busy()
                on:change=on_change
            />
        </label>
    }
}

/// What can be chosen: its value, and the words for it.
pub type Offer = (String, String);

#[component]
pub fn Choice(
    /// The name in the page.
    id: &'static str,
    /// What is chosen.
    label: &'static str,
    /// What is good to know about it.
    #[prop(optional)]
    hint: &'static str,
    /// What there is to choose from; what is chosen now among them.
    offers: Signal<Vec<Offer>>,
    /// The value that is chosen now.
    chosen: Signal<String>,
    /// Why it cannot be changed, if it cannot.
    #[prop(optional, into)]
    locked: Signal<Option<&'static str>>,
    /// Chooses another one.
    #[prop(into)]
    choose: Callback<String>,
) -> impl IntoView {
    let option = move |(value, words): Offer| {
        let this = value.clone();
        view! {
            <option value=value selected=move || *chosen.read() == this>
                {words}
            </option>
        }
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class="input">
                <select
                    id=id
                    disabled=move || locked.get().is_some()
                    on:change=move |event| choose.run(event_target_value(&event))
                >
                    {move || offers.get().into_iter().map(option).collect_view()}
                </select>
            </div>
            <p class="hint">{move || locked.get().unwrap_or(hint)}</p>
        </div>
    }
}
