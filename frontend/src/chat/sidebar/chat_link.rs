//! The chat's own link: closed and opened to new people, or replaced by another.

use leptos::{either::Either, prelude::*};
use shared::chat::{UpdateChatSettings, UriRotated};

use crate::{
    api::moderation as api,
    chat::{
        state::{sync::SyncStore, use_sync},
        use_request::{ChatRequest, use_chat_request},
    },
    components::{confirm::Confirm, form_request::Outcome, link_field::LinkField},
    strings::{self, invite_links, onboarding},
};

#[component]
pub fn ChatLink() -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    let is_link_open = Memo::new(move |_| sync.chat().is_some_and(|chat| chat.link_open));
    let is_confirming = RwSignal::new(false);
    let replace = move |()| {
        request.send(api::rotate_uri(&sync.current_uri()), move |rotated: UriRotated| {
            is_confirming.set(false);
            sync.change_uri(rotated.uri);
        });
    };
    let controls = move || {
        if is_confirming.get() {
            Either::Left(view! {
                <Confirm
                    question=invite_links::REPLACE_CHAT_LINK_CONFIRM.to_owned()
                    yes=invite_links::REPLACE_CHAT_LINK
                    request
                    on_yes=replace
                    on_no=move |()| is_confirming.set(false)
                />
            })
        } else {
            Either::Right(view! { <ChatLinkButtons is_link_open is_confirming request /> })
        }
    };
    let description = move || match sync.chat() {
        Some(chat) if !chat.link_open => invite_links::CHAT_LINK_CLOSED.to_owned(),
        Some(chat) if chat.approval_required || !chat.guests_allowed => onboarding::share_text(&chat, true),
        _ => invite_links::CHAT_LINK_OPEN.to_owned(),
    };
    view! {
        <LinkField id="chat-link" url=Signal::derive(move || sync.page_url()) label=strings::CHAT_LINK />
        <p class="hint">{description}</p>
        {controls}
    }
}

pub fn set_link_open(sync: SyncStore, request: ChatRequest, is_open: bool) {
    let change = UpdateChatSettings { link_open: Some(is_open), ..UpdateChatSettings::default() };
    request.send(api::update_settings(&sync.current_uri(), &change), |_| ());
}

#[component]
fn ChatLinkButtons(
    is_link_open: Memo<bool>,
    is_confirming: RwSignal<bool>,
    request: ChatRequest,
) -> impl IntoView {
    let sync = use_sync();
    let toggle = move |_| set_link_open(sync, request, !is_link_open.get_untracked());
    let label =
        move || if is_link_open.get() { invite_links::CLOSE_CHAT_LINK } else { invite_links::OPEN_CHAT_LINK };
    view! {
        <div class="button-row">
            <button class="plain" aria-disabled=move || request.aria_disabled() on:click=toggle>
                {label}
            </button>
            <button class="plain" on:click=move |_| is_confirming.set(true)>
                {invite_links::REPLACE_CHAT_LINK}
            </button>
        </div>
        <Outcome request />
    }
}
