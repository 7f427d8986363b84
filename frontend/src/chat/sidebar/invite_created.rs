//! A new invite link, which is shown only once.

use leptos::{html, prelude::*};

use crate::{
    components::{copy_button::CopyButton, qr_code::QrCodeImage},
    strings::{self, invite_links},
};

#[component]
#[expect(clippy::needless_pass_by_value, reason = "components own their properties")]
pub fn InviteCreated(
    /// The last part of the link's path.
    secret: String,
    on_close: Callback<()>,
) -> impl IntoView {
    let origin = window().location().origin().unwrap_or_default();
    let url = Signal::stored(format!("{origin}/chats/{secret}"));
    let input = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            // If the field cannot take the focus, the focus stays where it is.
            let _focused = input.focus();
            input.select();
        }
    });
    view! {
        <div class="sunken new-link">
            <p><strong>{invite_links::NEW_LINK}</strong></p>
            <div class="input">
                <input node_ref=input readonly aria-label=invite_links::NEW_LINK value=url />
            </div>
            <p class="hint">{invite_links::SHOWN_ONCE}</p>
            <QrCodeImage text=url label=strings::onboarding::LINK_QR_CODE />
            <div class="button-row">
                <CopyButton class="primary" text=url label=strings::COPY_LINK />
                <button class="plain" on:click=move |_| on_close.run(())>{strings::DONE}</button>
            </div>
        </div>
    }
}
