//! A chat.

mod act;
mod announcer;
mod company;
mod composer;
mod drawer;
mod header;
mod join;
pub mod may;
mod members;
mod message;
mod message_list;
mod out;
pub mod room;
mod rows;
mod scroll;
mod seen_by;
mod share;
mod unread;
mod unread_pill;
mod walk;
mod window;

use leptos::{
    either::{Either, EitherOf5},
    prelude::*,
};
use leptos_router::hooks::use_params_map;

use self::{
    announcer::Announcer,
    composer::{Composer, Hushed},
    drawer::{Drawer, DrawerPane},
    header::ChatHeader,
    join::Outside,
    message_list::MessageList,
    out::Out,
    room::{Room, Stage, use_room},
};
use crate::{
    session::use_session,
    ui::{asking::focus, notice::ConnectionNotice, opening::Opening, trouble::Failed},
    words,
};

#[component]
pub fn Chat(
    /// The chat's address.
    uri: String,
) -> impl IntoView {
    let room = use_room();
    room.open(uri);
    on_cleanup(move || room.leave());
    let session = use_session();
    // Whose session ended by itself stands before the chat again.
    Effect::new(move |was_in: Option<bool>| {
        let is_in = session.is_in();
        if was_in == Some(true) && !is_in {
            room.enter();
        }
        is_in
    });
    let stage = Memo::new(move |_| room.stage());
    move || match stage.get() {
        Stage::Opening => EitherOf5::A(view! { <Opening text=words::OPENING /> }),
        Stage::Outside => EitherOf5::B(view! { <Outside room /> }),
        Stage::Open => EitherOf5::C(view! { <Open room /> }),
        Stage::Out(standing) => EitherOf5::D(view! { <Out standing room /> }),
        Stage::Failed(trouble) => EitherOf5::E(view! { <Failed trouble again=move |()| room.enter() /> }),
    }
}

#[component]
fn Open(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let drawer = Drawer::new(room);
    follow(room, drawer);
    let hush = Memo::new(move |_| room.hush());
    let write = move || match hush.get() {
        Some(hush) => Either::Left(view! { <Hushed hush /> }),
        None => Either::Right(view! { <Composer room /> }),
    };
    view! {
        <div class="chat">
            <ChatHeader room drawer />
            <main class="conversation">
                <ConnectionNotice />
                <MessageList room />
                // There also while nobody writes, so that nothing jumps.
                <p class="typing">{move || words::writing(&room.writers())}</p>
                {write}
            </main>
            <DrawerPane room drawer />
            <Announcer room />
        </div>
    }
}

/// The address in the browser is the chat's, also when it moves.
fn follow(room: Room, drawer: Drawer) {
    let params = use_params_map();
    Effect::new(move |_| {
        let (shown, uri) = (params.read().get("uri").unwrap_or_default(), room.uri());
        if shown != uri && room.was_opened_as(&shown) {
            drawer.follow();
        }
    });
}
