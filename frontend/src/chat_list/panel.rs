//! The chat list on the page: beside the open chat where there is space, else on the start page.

use leptos::{ev, html, prelude::*};
use leptos_router::hooks::use_location;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{ChatListStore, row::ChatRow, use_chat_list};
use crate::{
    components::{
        focus_stops::{focus_next_stop, focus_stop, focus_stops},
        icon::{Icon, SvgIcon},
    },
    lazy_view::{LazyView, lazy_view},
    search::search_in_all_chats,
    strings::chat_list as strings,
};

lazy_view! {
    pages,
    pub fn chat_list_sidebar() {
        view! { <ChatListSidebar /> }
    }
}

/// The list beside a chat or the start page.
#[component]
fn ChatListSidebar() -> impl IntoView {
    let chat_list = use_chat_list();
    let path = use_location().pathname;
    let has_chats = move || !chat_list.is_loaded() || chat_list.count() > 0;
    let is_start_page = move || !path.read().starts_with("/chats/");
    view! {
        <nav class="chat-list-panel" aria-label=strings::YOUR_CHATS>
            <div class="chat-list-head">
                <h2>{strings::YOUR_CHATS}</h2>
                <a
                    class="icon-button"
                    href="/chats"
                    aria-label=strings::NEW_CHAT
                    title=strings::NEW_CHAT
                    aria-current=move || is_start_page().then_some("page")
                >
                    <SvgIcon icon=Icon::Plus />
                </a>
            </div>
            <SearchableList />
            <p class="hint" hidden=has_chats>
                {strings::NO_CHATS_YET}
            </p>
        </nav>
    }
}

lazy_view! {
    pages,
    pub fn start_page_chat_list() {
        view! { <StartPageChatList /> }
    }
}

/// The list on the start page, unless it is beside it.
#[component]
fn StartPageChatList() -> impl IntoView {
    view! {
        <nav class="chats-below" aria-labelledby="your-chats">
            <h2 id="your-chats">{strings::YOUR_CHATS}</h2>
            <SearchableList />
        </nav>
    }
}

#[component]
fn SearchableList() -> impl IntoView {
    let chat_list = use_chat_list();
    let container = NodeRef::<html::Div>::new();
    let path = use_location().pathname;
    let uris = Memo::new(move |_| chat_list.matching_uris());
    Effect::new(move |_| {
        let is_rendered = container.get().is_some();
        if is_rendered && chat_list.take_focus_on_render() {
            focus_list();
        }
    });
    let title = Callback::new(move |uri: String| chat_list.title(&uri).unwrap_or_default());
    let is_searching = Memo::new(move |_| !chat_list.filter.read().trim().is_empty());
    let is_without_match = move || chat_list.count() > 0 && uris.read().is_empty();
    let row = move |uri: String| {
        let own_path = format!("/chats/{uri}");
        let is_open = Signal::derive(move || path.read().trim_end_matches('/') == own_path);
        view! { <ChatRow uri is_open /> }
    };
    view! {
        <div class="chat-list" node_ref=container on:keydown=move |event| on_key(chat_list, container, &event)>
            <SearchField />
            <ul>
                <For each=move || uris.get() key=String::clone children=row />
            </ul>
            <p class="hint" role="status">
                {move || if is_without_match() { strings::NO_CHATS_FOUND } else { "" }}
            </p>
            <Show when=move || is_searching.get()>
                <LazyView load=move || Box::pin(search_in_all_chats(chat_list.filter, title)) class="part-loading" />
            </Show>
        </div>
    }
}

#[component]
fn SearchField() -> impl IntoView {
    let chat_list = use_chat_list();
    view! {
        <input
            type="search"
            class="chat-search"
            hidden=move || chat_list.count() == 0
            aria-label=strings::FIND_CHAT
            placeholder=search_placeholder()
            autocomplete="off"
            prop:value=move || chat_list.filter.get()
            on:input=move |event| chat_list.filter.set(event_target_value(&event))
        />
    }
}

fn search_placeholder() -> String {
    let is_mac = window().navigator().user_agent().is_ok_and(|agent| agent.contains("Mac"));
    let keys = if is_mac { strings::FIND_CHAT_KEYS_ON_MAC } else { strings::FIND_CHAT_KEYS };
    format!("{} ({keys})", strings::FIND_CHAT)
}

/// The arrow keys move between the chats and messages. In the search field, Enter opens the first one and Escape clears the
/// field.
fn on_key(chat_list: ChatListStore, container: NodeRef<html::Div>, event: &ev::KeyboardEvent) {
    let Some(container) = container.get_untracked() else { return };
    let key = event.key();
    let is_in_field = document().active_element().is_some_and(|active| active.tag_name() == "INPUT");
    match key.as_str() {
        "Enter" if is_in_field => {
            if let Some(first) = focus_stops(&container).iter().find(|stop| stop.tag_name() == "A") {
                first.click();
                chat_list.filter.set(String::new());
            }
        }
        "Escape" if is_in_field || !chat_list.filter.read_untracked().is_empty() => {
            chat_list.filter.set(String::new());
            focus_list();
        }
        _ if focus_next_stop(&container, &key) => {}
        _ => return,
    }
    event.prevent_default();
}

/// Focuses the list on Ctrl+K or ⌘K. Where the list is not in view, `open_page` goes to the page that has it.
pub fn install_shortcut(chat_list: ChatListStore, open_page: impl Fn() + 'static) {
    let _listener = window_event_listener(ev::keydown, move |event| {
        let has_modifier = (event.ctrl_key() || event.meta_key()) && !event.alt_key() && !event.shift_key();
        let is_shortcut = has_modifier && event.key().eq_ignore_ascii_case("k");
        if !is_shortcut || !untrack(|| chat_list.is_loaded()) {
            return;
        }
        event.prevent_default();
        if !focus_list() {
            chat_list.focus_when_rendered();
            open_page();
        }
    });
}

/// Returns whether the list is on the page.
fn focus_list() -> bool {
    let found = document().query_selector(".chat-list").ok().flatten();
    let Some(container) = found.and_then(|it| it.dyn_into::<HtmlElement>().ok()) else { return false };
    if let Some(first) = focus_stops(&container).first() {
        focus_stop(first);
    }
    true
}
