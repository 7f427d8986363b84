//! A chat.

mod announcer;
mod company;
mod composer;
mod header;
mod links;
mod members;
mod message;
mod message_list;
pub mod room;
mod rows;
mod scroll;
mod seen_by;
mod share;
mod unread;
mod unread_pill;
mod window;

use leptos::{either::EitherOf3, prelude::*};

use self::{
    announcer::Announcer,
    composer::Composer,
    header::ChatHeader,
    message_list::MessageList,
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
        Stage::Opening => EitherOf3::A(view! { <Opening /> }),
        Stage::Open => EitherOf3::B(view! { <Open room /> }),
        Stage::Failed(trouble) => EitherOf3::C(view! { <Failed trouble again=move |()| room.enter() /> }),
    }
}

#[component]
fn Open(
    /// The chat.
    room: Room,
) -> impl IntoView {
    view! {
        <div class="chat">
            <ChatHeader room />
            <main class="conversation">
                <ConnectionNotice />
                <MessageList room />
                // There also while nobody writes, so that nothing jumps.
                <p class="typing">{move || words::writing(&room.writers())}</p>
                <Composer room />
            </main>
            <Announcer room />
        </div>
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
