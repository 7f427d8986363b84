//! Who is in the chat: a line in the header that unfolds into the list.

use leptos::prelude::*;
use shared::{
    member::{Member, Role},
    user::User,
};

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
            .map(|member| face(&member.user, room.is_here(member.user.id)))
            .collect_view()
    };
    let people = move || {
        let person = |member: Member| {
            let here = room.is_here(member.user.id);
            view! { <Person me=room.me() member here /> }
        };
        members().into_iter().map(person).collect_view()
    };
    let count = move || {
        let also = match room.present() {
            0 => words::SHARE_BRIEFLY.to_owned(),
            present => words::here(present),
        };
        format!("{} · {also}", words::people(members().len()))
    };
    view! {
        <button class="room" popovertarget="members" aria-describedby="room-hint">
            <span class="faces">{faces}</span>
            <span class="room-name">
                <h1><bdi>{title}</bdi></h1>
                <span class="hint" id="room-hint">{count}</span>
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
    /// Whether they have the chat open.
    here: bool,
) -> impl IntoView {
    let face = face(&member.user, here);
    let Member { user, role, .. } = member;
    let you = (user.id == me).then_some(words::YOU);
    let owner = (role == Role::Owner).then_some(words::OWNER);
    let here = here.then_some(words::HERE_NOW);
    let notes: Vec<_> = [you, owner, here].into_iter().flatten().collect();
    view! {
        <li>
            {face}
            <span>
                <bdi>{user.username}</bdi>
                <span class="hint">{notes.join(" · ")}</span>
            </span>
        </li>
    }
}

/// Marked while the person is here.
fn face(user: &User, here: bool) -> impl IntoView + use<> {
    view! {
        <span class="face" class:here=here>
            {avatar(user.id, &user.username)}
        </span>
    }
}
