//! The list of messages.

mod action_menu;
mod body;
mod clicks;
mod emoji_only;
mod emoji_picker;
mod jump_to_unread;
mod keyboard_nav;
mod message;
mod reaction_chips;
mod reactions;
mod row_list;
mod scroll;
mod seen_by;
mod selection;
mod undo_bar;
mod versions;

use leptos::{html, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use self::{
    clicks::ClickHandler, jump_to_unread::JumpToUnread, keyboard_nav::move_focus, row_list::RowList,
    scroll::ScrollPosition, seen_by::SeenBy,
};
use super::{
    share::SharePanel,
    state::{
        sync::SyncStore, use_deletions, use_draft, use_edits, use_reactions, use_sync, use_viewport,
        viewport::ViewportStore,
    },
    tools::{self, Stores},
};
use crate::{
    components::icon::{Icon, SvgIcon},
    strings,
};

#[component]
pub fn MessageList() -> impl IntoView {
    let (viewport, sync) = (use_viewport(), use_sync());
    let (log, content, list) =
        (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    let scroll = ScrollPosition::new(viewport, log, content);
    let (reactions, deletions, draft) = (use_reactions(), use_deletions(), use_draft());
    let clicks = ClickHandler { scroll, viewport, sync, reactions, deletions, draft };
    tools::load(&Stores { sync, draft, edits: use_edits() });
    request_linked_message(viewport, sync);
    show_rows(viewport, &scroll, list);
    view! {
        <div class="message-area">
            <div
                class="log"
                role="log"
                aria-live="off"
                aria-label=strings::MESSAGES
                tabindex="0"
                node_ref=log
                on:scroll:capture=move |event| clicks.handle_scroll(&event)
                on:keydown=move |event| move_focus(&event)
                on:click=move |event| clicks.handle(&event)
            >
                <div class="message-rows" node_ref=content>
                    <SharePanel />
                    <div class="rows" node_ref=list />
                    <SeenBy is_above_unsent=false />
                </div>
            </div>
            <ListStatus />
            <JumpToUnread />
            <JumpToLatest scroll />
        </div>
    }
}

/// Keeps the list equal to the rows in view, and scrolls to what was asked for.
fn show_rows(viewport: ViewportStore, scroll: &ScrollPosition, list: NodeRef<html::Div>) {
    let scroll = *scroll;
    let row_list = StoredValue::new_local(RowList::new());
    Effect::new(move |_| {
        let rows = viewport.rows();
        viewport.load_missing_quotes(&rows);
        if let Some(list) = list.get() {
            scroll.take_pending_scroll();
            row_list.update_value(|row_list| row_list.show(&list, rows));
            scroll.restore_soon();
        }
    });
    Effect::new(move |_| {
        if let Some(target) = viewport.target() {
            scroll.show_soon(target);
        }
    });
}

/// Whether messages are being loaded, and why one cannot be shown.
#[component]
fn ListStatus() -> impl IntoView {
    let viewport = use_viewport();
    view! {
        <p class="pill list-status" hidden=move || !viewport.is_loading()>{strings::LOADING}</p>
        <p class="pill list-status" role="alert" prop:textContent=move || viewport.error()></p>
    }
}

/// Shows the message that the URL names, as `?at=<seq>`. Then that is removed, so that the same link can be followed again.
fn request_linked_message(viewport: ViewportStore, sync: SyncStore) {
    let (location, navigate) = (use_location(), use_navigate());
    Effect::new(move |_| {
        let (search, path) = (location.search.get(), location.pathname.get());
        // The URL may be that of the next chat already, which then shows the message.
        if path.trim_end_matches('/') != untrack(|| sync.path()) {
            return;
        }
        let seq = search.split(['?', '&']).find_map(|part| part.strip_prefix("at=")?.parse().ok());
        if let Some(seq) = seq {
            viewport.request_message(seq);
            let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
            navigate(&path, options);
        }
    });
}

/// Shows how many messages arrived since the end of the chat was last in view.
#[component]
fn JumpToLatest(scroll: ScrollPosition) -> impl IntoView {
    let viewport = use_viewport();
    let jump = move |_| {
        viewport.jump_to_end();
        scroll.restore_soon();
    };
    let count = move || match viewport.unseen_count() {
        0 => String::new(),
        count => strings::new_messages(count),
    };
    let label = move || if viewport.unseen_count() == 0 { strings::JUMP_TO_LATEST } else { "" };
    view! {
        <button class="pill" hidden=move || viewport.is_following() on:click=jump>
            <span class="visually-hidden" prop:textContent=label></span>
            <span prop:textContent=count></span>
            <SvgIcon icon=Icon::Down />
        </button>
    }
}
