//! The links into the chat: its own link and the invite links.

use leptos::prelude::*;
use shared::invite_link::{InviteLink, InviteLinksResponse};

use super::{chat_link::ChatLink, create_invite::CreateInvite, invite_link::InviteLinkRow};
use crate::{
    api::moderation as api,
    chat::{state::use_sync, use_request::use_chat_request},
    components::form_request::Outcome,
    strings::{self, invite_links},
};

#[component]
pub fn InviteLinks() -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    let links = RwSignal::new(None::<Vec<InviteLink>>);
    let load = move || {
        request.send(api::list_invite_links(&sync.current_uri()), move |response: InviteLinksResponse| {
            let (revoked, others): (Vec<_>, Vec<_>) =
                response.links.into_iter().partition(|link| link.revoked_at.is_some());
            links.set(Some(others.into_iter().chain(revoked).collect()));
        });
    };
    load();
    let reload = Callback::new(move |()| load());
    let placeholder = move || match &*links.read() {
        None if request.is_blocked() => strings::LOADING,
        Some(links) if links.is_empty() => invite_links::NO_LINKS,
        _ => "",
    };
    let key = |link: &InviteLink| (link.id, link.uses, link.revoked_at.is_some());
    view! {
        <section>
            <h3>{invite_links::CHAT_LINK}</h3>
            <ChatLink />
        </section>
        <section>
            <h3>{invite_links::INVITE_LINKS}</h3>
            <p class="muted">{placeholder}</p>
            <Outcome request />
            <ul class="invite-links">
                <For each=move || links.get().unwrap_or_default() key=key let:link>
                    <InviteLinkRow link reload />
                </For>
            </ul>
            <CreateInvite reload />
        </section>
    }
}
