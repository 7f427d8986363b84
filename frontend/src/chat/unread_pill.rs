//! The way up to where one left off.

use leptos::{prelude::*, task::spawn_local};

use super::{room::Room, scroll::Scroll};
use crate::{
    ui::icon::{Drawing, Icon},
    words,
};

#[component]
pub fn ToTheUnread(
    /// The chat.
    room: Room,
    /// Where in it one is.
    scroll: Scroll,
) -> impl IntoView {
    let shown = Memo::new(move |_| room.has_line());
    let go = move |_| {
        spawn_local(async move {
            if room.bring_line().await {
                scroll.show_line_soon();
            }
        });
    };
    view! {
        <button class="pill upper" hidden=move || !shown.get() title=words::chats::TO_THE_UNREAD on:click=go>
            <span>{words::chats::NEW_MESSAGES}</span>
            <Drawing icon=Icon::Up />
        </button>
    }
}
