//! Who is in the chat: a line in the header that unfolds into the list.

use leptos::prelude::*;
use shared::member::{Member, Role};

use super::room::Room;
use crate::{ui::avatar::avatar, words};

/// How many letters stand in the header.
const FACES: usize = 3;

#[component]
pub fn Members(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let roster = Memo::new(move |_| room.roster());
    let members = move || {
        // Read, not only tracked: a memo that nobody reads hears of nothing.
        let _revision = roster.get();
        room.members()
    };
    let others = move || -> Vec<Member> {
        members().into_iter().filter(|member| member.user.id != room.me()).collect()
    };
    let title = move || {
        let names: Vec<_> = others().into_iter().map(|member| member.user.username).collect();
        words::chat_title(&names)
    };
    let faces = move || {
        let others = others();
        let shown = if others.is_empty() { members() } else { others };
        shown
            .into_iter()
            .take(FACES)
            .map(|member| avatar(member.user.id, &member.user.username))
            .collect_view()
    };
    let people =
        move || members().into_iter().map(|member| view! { <Person me=room.me() member /> }).collect_view();
    let count = move || words::people(members().len());
    view! {
        <button class="room" popovertarget="members" aria-describedby="room-hint">
            <span class="faces">{faces}</span>
            <span class="room-name">
                <h1><bdi>{title}</bdi></h1>
                <span class="hint" id="room-hint">{count} " · " {words::SHARE_BRIEFLY}</span>
            </span>
        </button>
        <div id="members" class="popover" popover="auto" role="dialog" aria-label=words::MEMBERS>
            <h2>{words::MEMBERS}</h2>
            <ul class="members">
                {people}
            </ul>
        </div>
    }
}

#[component]
fn Person(
    /// Who it is.
    member: Member,
    /// Whom one is oneself.
    me: i64,
) -> impl IntoView {
    let Member { user, role, .. } = member;
    let you = (user.id == me).then_some(words::YOU);
    let owner = (role == Role::Owner).then_some(words::OWNER);
    let notes: Vec<_> = you.into_iter().chain(owner).collect();
    view! {
        <li>
            {avatar(user.id, &user.username)}
            <span>
                <bdi>{user.username}</bdi>
                {(!notes.is_empty()).then(|| view! { <span class="hint">{notes.join(" · ")}</span> })}
            </span>
        </li>
    }
}
