//! Undoes the deletion of several messages, as long as that is possible.

use std::{any::Any, cell::RefCell};

use leptos::{mount::mount_to, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use crate::{
    chat::state::deletions::DeletionStore,
    components::{
        focus_stops::focus_stop,
        form_request::{focus_soon, is_focus_lost},
    },
    strings::{self, moderation},
};

const BUTTON_ID: &str = "undo-deletion";

thread_local! {
    /// The number of the deletion, and its bar.
    static BAR: RefCell<Option<(u32, Box<dyn Any>)>> = const { RefCell::new(None) };
}

/// Above the messages, with the focus.
pub fn show(deletions: DeletionStore, number: u32) {
    // Outside of the selection, with which it would be disposed of.
    spawn_local(async move {
        let area = document().query_selector(".message-area").ok().flatten();
        let Some(area) = area.and_then(|area| area.dyn_into().ok()) else { return };
        let view = mount_to(area, move || view! { <UndoBar deletions number /> });
        // Dropping a former one calls code, which must find the cell free.
        let former = BAR.replace(Some((number, Box::new(view))));
        drop(former);
        focus_soon(BUTTON_ID);
    });
}

/// Leaves the focus on the messages if the bar had it.
fn remove_soon(number: u32) {
    request_animation_frame(move || {
        // Another deletion may have a bar by now.
        let is_own = BAR.with_borrow(|bar| bar.as_ref().is_some_and(|(own, _)| *own == number));
        if !is_own {
            return;
        }
        drop(BAR.take());
        let log = document().query_selector(".log").ok().flatten();
        if let Some(log) = log.and_then(|log| log.dyn_into().ok()).filter(|_| is_focus_lost()) {
            focus_stop(&log);
        }
    });
}

#[component]
fn UndoBar(deletions: DeletionStore, number: u32) -> impl IntoView {
    let count = Memo::new(move |_| deletions.count_undoable(number));
    Effect::new(move |_| {
        if count.get() == 0 {
            remove_soon(number);
        }
    });
    let text = move || moderation::deleted_messages(count.get());
    view! {
        <div class="pill list-status" role="group" aria-label=text hidden=move || count.get() == 0>
            <span prop:textContent=text></span>
            <button id=BUTTON_ID class="quiet" on:click=move |_| deletions.undo_all(number)>
                {strings::UNDO}
            </button>
        </div>
    }
}
