//! The messages, and where in them one is.

use leptos::{html, prelude::*};

use super::{
    message::MessageRow, room::Room, scroll::Scroll, seen_by::SeenBy, share::SharePanel,
    unread_pill::ToTheUnread, walk::walk,
};
use crate::{
    ui::icon::{Drawing, Icon},
    words,
};

#[component]
pub fn MessageList(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let (log, content) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    let scroll = Scroll::new(room, log, content);
    Effect::new(move |_| {
        room.track();
        scroll.settle_soon();
    });
    view! {
        <div class="list">
            <div
                class="log"
                role="log"
                aria-live="off"
                aria-label=words::MESSAGES
                tabindex="0"
                node_ref=log
                on:scroll=move |_| scroll.moved()
                on:keydown=move |event| walk(&event)
            >
                <div class="rows" node_ref=content>
                    <p class="hint" hidden=move || !room.extending()>{words::EARLIER}</p>
                    <SharePanel room />
                    <For each=move || room.rows() key=super::rows::Row::key let:row>
                        <MessageRow row room />
                    </For>
                    <SeenBy room />
                </div>
            </div>
            <ToTheUnread room scroll />
            <ToTheEnd room scroll />
        </div>
    }
}

/// Leads back to the newest message, and says how many came meanwhile.
#[component]
fn ToTheEnd(
    /// The chat.
    room: Room,
    /// Where in it one is.
    scroll: Scroll,
) -> impl IntoView {
    let go = move |_| {
        room.go_to_end();
        scroll.settle_soon();
    };
    let unseen = move || match room.unseen() {
        0 => String::new(),
        count => words::new_messages(count),
    };
    let label = move || if room.unseen() == 0 { words::TO_THE_END } else { "" };
    view! {
        <button class="pill" hidden=move || room.following() on:click=go>
            <span class="hidden">{label}</span>
            <span>{unseen}</span>
            <Drawing icon=Icon::Down />
        </button>
    }
}
