//! Who is in the chat: a line in the header that opens the drawer.

use leptos::prelude::*;
use shared::{
    member::{Member, Standing},
    user::User,
};

use super::{drawer::Drawer, room::Room};
use crate::{ui::avatar::avatar, words};

/// How many letters stand in the header.
const FACES: usize = 3;

#[component]
pub fn Members(
    /// The chat.
    room: Room,
    /// What it opens.
    drawer: Drawer,
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
    let about = Memo::new(move |_| room.chat().map(|chat| (chat.name, chat.topic)).unwrap_or_default());
    let title = move || {
        let (name, _) = about.get();
        if name.is_empty() {
            let names: Vec<_> = others().iter().map(|member| member.user.name().to_owned()).collect();
            words::chat_title(&names)
        } else {
            name
        }
    };
    let faces = move || {
        let others = others();
        let shown = if others.is_empty() { members() } else { others };
        shown.into_iter().take(FACES).map(|member| face(room, &member.user)).collect_view()
    };
    let count = move || {
        let also = match room.present() {
            0 => words::SHARE_BRIEFLY.to_owned(),
            present => words::here(present),
        };
        let (_, topic) = about.get();
        let line = format!("{} · {also}", words::people(members().len()));
        if topic.is_empty() { line } else { format!("{line} · {topic}") }
    };
    view! {
        <button
            id="room"
            class="room"
            aria-describedby="room-hint"
            aria-expanded=move || drawer.is_open().to_string()
            on:click=move |_| drawer.toggle()
        >
            <span class="faces">{faces}</span>
            <span class="room-name">
                <h1><bdi>{title}</bdi></h1>
                <span class="hint" id="room-hint">{count}</span>
            </span>
            <Knocking room />
        </button>
    }
}

/// How many wait to be let in, for those who can let them in.
#[component]
fn Knocking(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let waiting =
        Memo::new(
            move |_| {
                if room.myself().keeps_order() { room.standing(Standing::Knocking).len() } else { 0 }
            },
        );
    view! {
        <span class="count" hidden=move || waiting.get() == 0>
            <span aria-hidden="true">{move || waiting.get()}</span>
            <span class="hidden">{move || words::keeping::knocking(waiting.get())}</span>
        </span>
    }
}

/// Marked while the person is here.
pub fn face(room: Room, user: &User) -> impl IntoView + use<> {
    let id = user.id;
    view! {
        <span class="face" class:here=move || room.is_here(id)>
            {avatar(id, user.name(), &user.avatar)}
        </span>
    }
}
