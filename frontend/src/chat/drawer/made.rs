//! A link that was just made: the one time that it is shown.

use leptos::{html, prelude::*};

use crate::{
    ui::{copy::CopyText, qr::Qr},
    words::{self, links},
};

#[component]
#[expect(clippy::needless_pass_by_value, reason = "a component owns what it is given")]
pub fn NewlyMade(
    /// What the link ends with.
    secret: String,
    /// Closes it.
    back: Callback<()>,
) -> impl IntoView {
    let origin = window().location().origin().unwrap_or_default();
    let address = Signal::stored(format!("{origin}/chats/{secret}"));
    let input = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            // A field that cannot take the focus leaves it where it is.
            let _focused = input.focus();
            input.select();
        }
    });
    view! {
        <div class="sunken made">
            <p><strong>{links::MADE}</strong></p>
            <div class="input">
                <input node_ref=input readonly aria-label=links::MADE value=address />
            </div>
            <p class="hint">{links::SHOWN_ONCE}</p>
            <Qr text=address label=words::entering::QR />
            <div class="choices">
                <CopyText class="primary" text=address label=words::COPY_LINK />
                <button class="plain" on:click=move |_| back.run(())>{links::DONE}</button>
            </div>
        </div>
    }
}
