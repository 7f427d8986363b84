//! The members of the chat, the pending requests to join, and the banned users.

use leptos::prelude::*;
use shared::{
    id::UserId,
    member::{Member, MembershipStatus},
};

use super::member_row::MemberRow;
use crate::{chat::state::use_sync, strings::moderation};

#[component]
pub fn Members() -> impl IntoView {
    let sync = use_sync();
    let topic = Memo::new(move |_| sync.chat().map(|chat| chat.topic).unwrap_or_default());
    let version = Memo::new(move |_| sync.members_version());
    let members = Signal::derive(move || {
        let _version = version.get();
        sync.members()
    });
    let is_moderator = Memo::new(move |_| sync.current_member().is_moderator());
    let users_with = move |status: MembershipStatus| {
        Signal::derive(move || if is_moderator.get() { sync.members_with_status(status) } else { Vec::new() })
    };
    // At most one member's actions are open at a time.
    let open_id = RwSignal::new(None);
    view! {
        <p class="muted topic">{move || topic.get()}</p>
        <MemberGroup title=moderation::WAITING members=users_with(MembershipStatus::Pending) open_id />
        <MemberGroup title=moderation::IN_THE_CHAT members open_id />
        <MemberGroup title=moderation::BANNED members=users_with(MembershipStatus::Banned) open_id />
    }
}

#[component]
fn MemberGroup(
    title: &'static str,
    members: Signal<Vec<Member>>,
    /// The user whose actions are open.
    open_id: RwSignal<Option<UserId>>,
) -> impl IntoView {
    view! {
        <section hidden=move || members.read().is_empty()>
            <h3>{title}</h3>
            <ul class="member-list">
                <For each=move || members.get() key=|member| (member.user.id, member.revision) let:member>
                    <MemberRow member open_id />
                </For>
            </ul>
        </section>
    }
}
