//! Who is here, the link to share, and what else there is.

use leptos::prelude::*;

use super::{drawer::Drawer, members::Members, room::Room, share::CopyLink};
use crate::{
    chats::mute::MuteSwitch,
    session::use_session,
    ui::{
        icon::{Drawing, Icon},
        theme::ThemeSwitch,
    },
    words,
};

#[component]
pub fn ChatHeader(
    /// The chat.
    room: Room,
    /// What it opens.
    drawer: Drawer,
) -> impl IntoView {
    view! {
        <header class="bar chat-bar">
            <a href="/chats" class="round" aria-label=words::HOME>
                <Drawing icon=Icon::Back />
            </a>
            <Members room drawer />
            // In an empty chat the share panel has the button.
            <CopyLink class="quiet" hidden=Signal::derive(move || room.is_empty()) />
            <Menu room />
        </header>
    }
}

#[component]
fn Menu(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let session = use_session();
    view! {
        <button class="round" aria-label=words::MORE popovertarget="menu">
            <Drawing icon=Icon::More />
        </button>
        <div id="menu" class="popover" popover="auto">
            <p class="hint">{move || session.name()}</p>
            <MuteSwitch uri=Signal::derive(move || room.uri()) />
            <ThemeSwitch />
            <button class="row" on:click=move |_| session.sign_out()>
                {words::SIGN_OUT}
            </button>
        </div>
    }
}
