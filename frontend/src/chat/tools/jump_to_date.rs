//! A dialog in which the user chooses a day of the chat to go to.

use std::{any::Any, cell::RefCell};

use leptos::{ev, html, mount::mount_to, prelude::*};
use shared::timeline::Timeline;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::{
    chat::state::{sync::SyncStore, viewport::ViewportStore},
    clock,
    strings::{self, dates},
};

const FIELD_ID: &str = "jump-date";
const TITLE_ID: &str = "jump-title";
const FORM_ID: &str = "jump-form";

thread_local! {
    /// The dialog while it is open.
    static DIALOG: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
}

/// `day` is a time on the day that is proposed.
pub fn open(viewport: ViewportStore, sync: SyncStore, day: i64) {
    let page = document().query_selector(".chat").ok().flatten();
    let Some(page) = page.and_then(|page| page.dyn_into().ok()) else { return };
    let view = mount_to(page, move || view! { <JumpToDate viewport sync day /> });
    // Dropping a former one calls code, which must find the cell free.
    let former = DIALOG.replace(Some(Box::new(view)));
    drop(former);
}

/// Not while an event of it is being handled.
fn remove_soon() {
    request_animation_frame(|| drop(DIALOG.take()));
}

#[component]
fn JumpToDate(viewport: ViewportStore, sync: SyncStore, day: i64) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    request_animation_frame(move || {
        if let Some(dialog) = dialog.try_get_untracked().flatten() {
            // Fails only for a dialog outside the page.
            let _shown = dialog.show_modal();
        }
    });
    // What gets the focus next is outside of the dialog.
    let close = Callback::new(move |()| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    });
    close_with_chat(sync, close);
    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            aria-labelledby=TITLE_ID
            closedby="any"
            on:keydown=|event| event.stop_propagation()
            on:close=|_| remove_soon()
        >
            <h2 id=TITLE_ID>{dates::JUMP_TO_DATE}</h2>
            <DateForm viewport sync day close />
            <EndButtons viewport close />
            <div class="button-row">
                <button class="primary" form=FORM_ID>
                    {dates::JUMP}
                </button>
                <button class="plain" on:click=move |_| close.run(())>{strings::CANCEL}</button>
            </div>
        </dialog>
    }
}

/// Closes the dialog when another chat is opened.
fn close_with_chat(sync: SyncStore, close: Callback<()>) {
    let path = untrack(|| sync.path());
    Effect::new(move |_| {
        if sync.path() != path {
            close.run(());
        }
    });
}

#[component]
fn DateForm(viewport: ViewportStore, sync: SyncStore, day: i64, close: Callback<()>) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let jump = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if let Some(start) = input.get_untracked().and_then(|input| clock::day_start(&input.value())) {
            close.run(());
            viewport.request_time(start);
        }
    };
    view! {
        <form id=FORM_ID class="field" on:submit=jump>
            <label for=FIELD_ID>{dates::DATE}</label>
            <span class="input">
                <input
                    type="date"
                    id=FIELD_ID
                    node_ref=input
                    required
                    min=clock::date_value(first_time(sync))
                    max=clock::date_value(clock::now())
                    value=clock::date_value(day)
                />
            </span>
        </form>
    }
}

#[component]
fn EndButtons(viewport: ViewportStore, close: Callback<()>) -> impl IntoView {
    let to_oldest = move |_| {
        close.run(());
        viewport.request_time(0);
    };
    let to_newest = move |_| {
        close.run(());
        viewport.jump_to_end();
        scroll_to_end();
    };
    view! {
        <div class="button-row">
            <button class="plain" on:click=to_oldest>{dates::OLDEST_MESSAGE}</button>
            <button class="plain" on:click=to_newest>{dates::NEWEST_MESSAGE}</button>
        </div>
    }
}

/// When the first message was stored, as far as that is known, and otherwise the beginning of the chat.
fn first_time(sync: SyncStore) -> i64 {
    sync.with_timeline_untracked(|timeline| {
        let first = timeline.filter(|timeline| !timeline.has_earlier()).and_then(|it| it.messages().next());
        let created_at = |timeline: &Timeline| timeline.chat().created_at.timestamp_millis();
        first.map(clock::stored_at).or_else(|| timeline.map(created_at)).unwrap_or_default()
    })
}

/// Also if the newest messages were rendered before.
fn scroll_to_end() {
    let log = document().query_selector(".log").ok().flatten();
    if let Some(log) = log.and_then(|log| log.dyn_into::<HtmlElement>().ok()) {
        log.set_scroll_top(log.scroll_height());
        // The list can always be focused.
        let _focused = log.focus();
    }
}
