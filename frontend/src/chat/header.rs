//! Who is here, the link to share, and what else there is.

use leptos::prelude::*;

use super::{drawer::Drawer, members::Members, room::Room, share::ShareButton};
use crate::{
    chats::mute::MuteSwitch,
    session::{return_to, use_session},
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
            <ShareButton room />
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
    let claim = move || return_to::path_back_to(&room.path(), false);
    view! {
        <button class="round" aria-label=words::MORE popovertarget="menu">
            <Drawing icon=Icon::More />
        </button>
        <div id="menu" class="popover" popover="auto">
            <p class="hint">{move || session.name()}</p>
            <MuteSwitch uri=Signal::derive(move || room.uri()) />
            <a class="row" href=claim rel="external" hidden=move || !session.is_guest()>
                {words::entering::KEEP_YOUR_CHATS}
            </a>
            <ThemeSwitch />
            <a class="row" href="/settings" rel="external">
                {words::entering::SETTINGS}
            </a>
        </div>
    }
}
