//! A chat.

mod act;
mod announcer;
mod company;
mod composer;
mod drawer;
mod header;
mod links;
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
    either::{Either, EitherOf4},
    prelude::*,
};
use leptos_router::hooks::use_params_map;

use self::{
    announcer::Announcer,
    composer::{Composer, Hushed},
    drawer::{Drawer, DrawerPane},
    header::ChatHeader,
    message_list::MessageList,
    out::Out,
    room::{Room, Stage, use_room},
};
use crate::{
    ui::{notice::ConnectionNotice, trouble::Failed},
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
    let stage = Memo::new(move |_| room.stage());
    move || match stage.get() {
        Stage::Opening => EitherOf4::A(view! { <Opening /> }),
        Stage::Open => EitherOf4::B(view! { <Open room /> }),
        Stage::Out(standing) => EitherOf4::D(view! { <Out standing room /> }),
        Stage::Failed(trouble) => EitherOf4::C(view! { <Failed trouble again=move |()| room.enter() /> }),
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

fn focus(id: &str) {
    use wasm_bindgen::JsCast;
    let element = document().get_element_by_id(id);
    if let Some(element) = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        // An element that cannot take the focus leaves it where it is.
        let _focused = element.focus();
    }
}

/// Looks like the page's skeleton, so that nothing jumps.
#[component]
fn Opening() -> impl IntoView {
    view! {
        <main class="opening" aria-busy="true">
            <span class="spinner" aria-hidden="true"></span>
            <p class="muted">{words::OPENING}</p>
        </main>
    }
}
