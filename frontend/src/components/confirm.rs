//! Asks for confirmation before an action that cannot be undone.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::form_request::{FormRequest, Outcome, is_focus_lost};
use crate::strings;

#[component]
pub fn Confirm(
    question: String,
    /// The label of the button that confirms.
    #[prop(into)]
    yes: String,
    #[prop(into)] request: FormRequest,
    #[prop(into)] on_yes: Callback<()>,
    #[prop(into)] on_no: Callback<()>,
) -> impl IntoView {
    let no = NodeRef::<html::Button>::new();
    focus_when_rendered(no);
    restore_focus_on_cleanup();
    let on_key = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            // The surrounding dialog or sidebar stays open.
            event.stop_propagation();
            on_no.run(());
        }
    };
    let label = question.clone();
    view! {
        <div class="confirm" role="group" aria-label=label on:keydown=on_key>
            <p>{question}</p>
            <div class="button-row">
                <button
                    class="danger"
                    aria-disabled=move || request.aria_disabled()
                    on:click=move |_| on_yes.run(())
                >
                    {yes}
                </button>
                <button class="plain" node_ref=no on:click=move |_| on_no.run(())>
                    {strings::CANCEL}
                </button>
            </div>
            <Outcome request />
        </div>
    }
}

/// A button whose action needs confirmation.
#[component]
pub fn ConfirmedButton(
    class: &'static str,
    #[prop(optional)] hidden: Signal<bool>,
    label: &'static str,
    question: &'static str,
    #[prop(into)] request: FormRequest,
    #[prop(into)] on_confirm: Callback<()>,
) -> impl IntoView {
    let confirming = RwSignal::new(false);
    let on_no = move |()| confirming.set(false);
    let confirm = move || {
        confirming.get().then(|| {
            view! { <Confirm question=question.to_owned() yes=label request on_yes=on_confirm on_no /> }
        })
    };
    view! {
        <button
            class=class
            hidden=move || confirming.get() || hidden.get()
            on:click=move |_| confirming.set(true)
        >
            {label}
        </button>
        {confirm}
    }
}

fn focus_when_rendered(button: NodeRef<html::Button>) {
    Effect::new(move |_| {
        if let Some(button) = button.get() {
            // If the button cannot be focused, the focus stays.
            let _focused = button.focus();
        }
    });
}

/// Returns the focus to the element that had it, unless the user has moved it elsewhere meanwhile.
fn restore_focus_on_cleanup() {
    let active = document().active_element().and_then(|active| active.dyn_into::<HtmlElement>().ok());
    let Some(before) = active else { return };
    let before = StoredValue::new_local(before);
    on_cleanup(move || {
        let before = before.get_value();
        request_animation_frame(move || {
            if is_focus_lost() {
                // If the element is gone or hidden, the focus stays.
                let _focused = before.focus();
            }
        });
    });
}
