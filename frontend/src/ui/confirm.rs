//! Asking once more before what cannot be taken back.

use leptos::{html, prelude::*};

use super::asking::{Asking, Outcome};
use crate::words::keeping;

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
    let label = question.clone();
    view! {
        <div class="confirm" role="group" aria-label=label>
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
