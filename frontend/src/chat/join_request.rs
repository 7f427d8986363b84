//! The request to join that has waited longest, above the messages, for moderators.

use leptos::{ev, prelude::*};
use shared::member::{Member, MembershipStatus, UpdateMember};

use super::{
    state::{sync::SyncStore, use_sync},
    use_request::use_chat_request,
};
use crate::{
    api::moderation as api,
    components::form_request::{Outcome, focus, is_focus_lost},
    lazy_view::{LazyView, ViewFuture, lazy_view},
    strings::moderation,
};

#[component]
pub fn JoinRequestBanner() -> impl IntoView {
    let sync = use_sync();
    let has_any = Memo::new(move |_| !list_waiting(&sync).is_empty());
    move || {
        let load = || -> ViewFuture { Box::pin(join_request()) };
        has_any.get().then(|| view! { <LazyView load class="join-request" /> })
    }
}

/// Those whom the user may let in.
fn list_waiting(sync: &SyncStore) -> Vec<Member> {
    let is_moderator = sync.current_member().is_moderator();
    if is_moderator { sync.members_with_status(MembershipStatus::Pending) } else { Vec::new() }
}

lazy_view! {
    tools,
    fn join_request() {
        let sync = use_sync();
        let waiting = Memo::new(move |_| list_waiting(&sync));
        let first = Memo::new(move |_| waiting.with(|waiting| waiting.first().cloned()));
        let count = Signal::derive(move || waiting.read().len());
        // The same elements show the next request, so that the focus stays.
        move || first.get().map(|member| view! { <JoinRequest member count /> })
    }
}

#[component]
fn JoinRequest(
    member: Member,
    /// How many users wait, this one included.
    count: Signal<usize>,
) -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    let (user_id, name) = (member.user.id, sync.distinct_name(&member.user));
    let decide = move |event: &ev::MouseEvent, status: MembershipStatus| {
        // The second click of a double click would decide about the next user.
        if event.detail() < 2 {
            let change = UpdateMember { status: Some(status), ..UpdateMember::default() };
            request.send(api::update_member(&sync.current_uri(), user_id, change), |_| ());
        }
    };
    let is_disabled = move || request.aria_disabled();
    let button = move |class, status, label| {
        view! {
            <button class=class aria-disabled=is_disabled on:click=move |event| decide(&event, status)>
                {label}
            </button>
        }
    };
    let others = move || if count.get() > 1 { moderation::count_pending(count.get()) } else { String::new() };
    let text = || moderation::wants_to_join(&name, 1);
    on_cleanup(|| request_animation_frame(restore_focus));
    view! {
        <div class="join-request" role="group" aria-label=text()>
            <div>
                <p>{text()}</p>
                <p class="hint">{others}</p>
            </div>
            <div class="button-row">
                {button("primary", MembershipStatus::Member, moderation::LET_IN)}
                {button("plain", MembershipStatus::Rejected, moderation::DECLINE)}
            </div>
            <Outcome request />
        </div>
    }
}

/// Focuses the button above when the focused button is gone. While others wait, it stays.
fn restore_focus() {
    if is_focus_lost() {
        focus("chat-title");
    }
}
