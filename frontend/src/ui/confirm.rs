//! Asking once more before what cannot be taken back.

use leptos::{ev, html, prelude::*};

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::asking::{Asking, Outcome};
use crate::words::keeping;

/// To what was clicked, once that is there again, unless the person went on by themself.
fn give_back_the_focus() {
    let active = || document().active_element().and_then(|active| active.dyn_into::<HtmlElement>().ok());
    let Some(before) = active() else { return };
    let before = StoredValue::new_local(before);
    on_cleanup(move || {
        let before = before.get_value();
        request_animation_frame(move || {
            if active().is_none_or(|active| active.tag_name() == "BODY") {
                // What is gone, or still hidden, leaves the focus where it is.
                let _focused = before.focus();
            }
        });
    });
}

#[component]
pub fn Confirm(
    /// What is asked.
    question: String,
    /// What the button that does it says.
    #[prop(into)]
    yes: String,
    /// What is being done.
    #[prop(into)]
    asking: Asking,
    /// Does it.
    #[prop(into)]
    on_yes: Callback<()>,
    /// Lets it be.
    #[prop(into)]
    on_no: Callback<()>,
) -> impl IntoView {
    let no = NodeRef::<html::Button>::new();
    Effect::new(move |_| {
        if let Some(no) = no.get() {
            // A button that cannot take the focus leaves it where it is.
            let _focused = no.focus();
        }
    });
    give_back_the_focus();
    let on_key = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            // What it stands in stays open.
            event.stop_propagation();
            on_no.run(());
        }
    };
    let label = question.clone();
    view! {
        <div class="confirm" role="group" aria-label=label on:keydown=on_key>
            <p>{question}</p>
            <div class="choices">
                <button class="danger" aria-disabled=move || asking.busy() on:click=move |_| on_yes.run(())>
                    {yes}
                </button>
                <button class="plain" node_ref=no on:click=move |_| on_no.run(())>
                    {keeping::CANCEL}
                </button>
            </div>
            <Outcome asking />
        </div>
    }
}
