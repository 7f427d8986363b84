//! The controls of the settings: a switch and a select.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use crate::chat::use_request::ChatRequest;

/// Shows the stored setting, not the click: it changes when the server has changed the setting for everyone.
#[component]
pub fn SettingSwitch(
    label: &'static str,
    hint: &'static str,
    /// The stored setting.
    value: Signal<bool>,
    /// Why it cannot be changed, if it cannot.
    locked: Signal<Option<&'static str>>,
    request: ChatRequest,
    #[prop(into)] on_change: Callback<bool>,
) -> impl IntoView {
    let change = move |event: ev::Event| {
        let is_checked = event_target_checked(&event);
        let input = event.target().and_then(|it| it.dyn_into::<web_sys::HtmlInputElement>().ok());
        if let Some(input) = input {
            input.set_checked(!is_checked);
        }
        on_change.run(is_checked);
    };
    view! {
        <label class="switch">
            <span>
                {label} <span class="hint">{move || locked.get().unwrap_or(hint)}</span>
            </span>
            <input
                type="checkbox"
                role="switch"
                prop:checked=move || value.get()
                disabled=move || locked.get().is_some()
                aria-disabled=move || request.aria_disabled()
                on:change=change
            />
        </label>
    }
}

#[derive(Clone, PartialEq, Eq)]
pub struct SelectOption {
    pub value: String,
    pub label: String,
}

#[component]
pub fn Select(
    /// The id of the element.
    id: &'static str,
    label: &'static str,
    #[prop(optional)] hint: &'static str,
    options: Signal<Vec<SelectOption>>,
    /// The value of the selected option.
    selected: Signal<String>,
    /// Why it cannot be changed, if it cannot.
    #[prop(optional, into)]
    locked: Signal<Option<&'static str>>,
    #[prop(into)] on_change: Callback<String>,
) -> impl IntoView {
    let option = move |SelectOption { value, label }: SelectOption| {
        let own_value = value.clone();
        view! {
            <option value=value selected=move || *selected.read() == own_value>
                {label}
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
                    on:change=move |event| on_change.run(event_target_value(&event))
                >
                    {move || options.get().into_iter().map(option).collect_view()}
                </select>
            </div>
            <p class="hint">{move || locked.get().unwrap_or(hint)}</p>
        </div>
    }
}
