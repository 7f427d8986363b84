//! A new invite link, which is shown only once.

use leptos::prelude::*;
use shared::member::Role;

use super::chat_link::set_link_open;
use crate::{
    chat::{state::use_sync, use_request::use_chat_request},
    components::{
        form_request::{Outcome, focus_soon},
        link_field::LinkField,
    },
    strings::{self, invite_links},
};

#[component]
#[expect(clippy::needless_pass_by_value, reason = "components own their properties")]
pub fn InviteCreated(
    /// The last part of the link's path.
    secret: String,
    role: Role,
    on_close: Callback<()>,
) -> impl IntoView {
    let origin = window().location().origin().unwrap_or_default();
    let url = Signal::stored(format!("{origin}/chats/{secret}"));
    focus_soon("new-link");
    view! {
        <div class="sunken">
            <p><strong>{invite_links::NEW_LINK}</strong></p>
            <LinkField id="new-link" url label=invite_links::NEW_LINK />
            <p class="hint">{invite_links::SHOWN_ONCE}</p>
            {(role == Role::Reader).then(|| view! { <OpenChatLinkWarning /> })}
            <div class="button-row">
                <button class="plain" on:click=move |_| on_close.run(())>{strings::DONE}</button>
            </div>
        </div>
    }
}

/// Readers know the chat's own link. While it is open, they can become writers by it.
#[component]
fn OpenChatLinkWarning() -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    let is_link_open = Memo::new(move |_| sync.chat().is_some_and(|chat| chat.link_open));
    view! {
        <div class="button-row" hidden=move || !is_link_open.get()>
            <p>{invite_links::CHAT_LINK_STILL_OPEN}</p>
            <button
                class="plain"
                aria-disabled=move || request.aria_disabled()
                on:click=move |_| set_link_open(sync, request, false)
            >
                {invite_links::CLOSE_IT}
            </button>
        </div>
        <Outcome request />
    }
}
