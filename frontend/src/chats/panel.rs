//! The list of one's chats: beside the chat where there is room, else on the start page.

use leptos::{ev, html, prelude::*};
use leptos_router::hooks::use_location;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{
    Chats,
    list::List,
    row::{ChatRow, Row},
    use_chats,
};
use crate::{
    ui::icon::{Drawing, Icon},
    words,
};

/// From so many chats on there is a field to find one, where the list has a page for itself.
const MANY: usize = 8;

impl Chats {
    /// What is seen of this chat.
    pub(super) fn row(self, uri: &str) -> Option<Row> {
        let me = self.session.account().unwrap_or_default();
        self.list.with(|list| Some(Row::new(list.as_ref()?.find(uri)?, me)))
    }

    /// The addresses of those that the filter lets through, newest first.
    fn shown(self) -> Vec<String> {
        let wanted = self.filter.read().trim().to_lowercase();
        let me = self.session.account().unwrap_or_default();
        self.list.with(|list| {
            let entries = list.iter().flat_map(List::entries);
            let fits = entries.filter(|entry| {
                wanted.is_empty() || Row::new(entry, me).title.to_lowercase().contains(&wanted)
            });
            fits.map(|entry| entry.chat.uri.clone()).collect()
        })
    }

    fn count(self) -> usize {
        self.list.with(|list| list.as_ref().map_or(0, |list| list.entries().len()))
    }

    pub fn is_wide(self) -> bool {
        self.wide.get()
    }
}

/// Beside the chat, or whatever else is open.
#[component]
pub fn Sidebar() -> impl IntoView {
    let chats = use_chats();
    let path = use_location().pathname;
    let findable = Signal::derive(move || chats.count() > 1);
    let some = move || !chats.is_known() || chats.count() > 0;
    view! {
        <nav class="sidebar" aria-label=words::chats::YOUR_CHATS>
            <div class="sidebar-head">
                <h2>{words::chats::YOUR_CHATS}</h2>
                <a
                    class="round"
                    href="/chats"
                    aria-label=words::chats::NEW_CHAT
                    title=words::chats::NEW_CHAT
                    aria-current=move || (!path.read().starts_with("/chats/")).then_some("page")
                >
                    <Drawing icon=Icon::Plus />
                </a>
            </div>
            <ChatList chats findable />
            <p class="hint" hidden=some>
                {words::chats::NO_CHATS_YET}
            </p>
        </nav>
    }
}

/// On the start page, unless it is beside it.
#[component]
pub fn ChatsBelow() -> impl IntoView {
    let chats = use_chats();
    let shown = Memo::new(move |_| !chats.is_wide() && chats.count() > 0);
    let findable = Signal::derive(move || chats.count() >= MANY);
    view! {
        <Show when=move || shown.get()>
            <nav class="chats-below" aria-labelledby="your-chats">
                <h2 id="your-chats">{words::chats::YOUR_CHATS}</h2>
                <ChatList chats findable />
            </nav>
        </Show>
    }
}

#[component]
fn ChatList(
    /// One's chats.
    chats: Chats,
    /// Whether there is a field to find one.
    findable: Signal<bool>,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    let path = use_location().pathname;
    let shown = Memo::new(move |_| chats.shown());
    Effect::new(move |_| {
        if place.get().is_some() && chats.summoned.try_update_value(std::mem::take) == Some(true) {
            focus_list();
        }
    });
    let lost = move || chats.count() > 0 && shown.read().is_empty();
    let row = move |uri: String| {
        let own = format!("/chats/{uri}");
        view! { <ChatRow chats uri open=Signal::derive(move || path.read().trim_end_matches('/') == own) /> }
    };
    view! {
        <div class="chat-list" node_ref=place on:keydown=move |event| walk(chats, place, &event)>
            <input
                type="search"
                class="find"
                hidden=move || !findable.get()
                aria-label=words::chats::FIND_CHAT
                placeholder=placeholder()
                autocomplete="off"
                prop:value=move || chats.filter.get()
                on:input=move |event| chats.filter.set(event_target_value(&event))
            />
            <ul>
                <For each=move || shown.get() key=String::clone children=row />
            </ul>
            <p class="hint" role="status">
                {move || if lost() { words::chats::NO_SUCH_CHAT } else { "" }}
            </p>
        </div>
    }
}

fn placeholder() -> String {
    let mac = window().navigator().user_agent().is_ok_and(|agent| agent.contains("Mac"));
    let keys = if mac { words::chats::FIND_CHAT_KEYS_ON_MAC } else { words::chats::FIND_CHAT_KEYS };
    format!("{} ({keys})", words::chats::FIND_CHAT)
}

/// The arrows go from chat to chat, Enter in the field opens the first, Esc forgets what was wanted.
fn walk(chats: Chats, place: NodeRef<html::Div>, event: &ev::KeyboardEvent) {
    let Some(place) = place.get_untracked() else { return };
    let stops = stops(&place);
    let active = document().active_element();
    let at = stops.iter().position(|stop| active.as_ref() == Some(stop.as_ref()));
    let in_field = active.is_some_and(|active| active.tag_name() == "INPUT");
    let next = match event.key().as_str() {
        "ArrowDown" => at.map_or(Some(0), |at| Some(at + 1)),
        "ArrowUp" => at.and_then(|at| at.checked_sub(1)),
        "Enter" if in_field => {
            if let Some(first) = stops.iter().find(|stop| stop.tag_name() == "A") {
                first.click();
                chats.filter.set(String::new());
            }
            None
        }
        "Escape" if in_field => {
            chats.filter.set(String::new());
            None
        }
        _ => return,
    };
    event.prevent_default();
    if let Some(stop) = next.and_then(|next| stops.get(next)) {
        focus(stop);
    }
}

/// The field and the chats, in order.
fn stops(place: &HtmlElement) -> Vec<HtmlElement> {
    let Ok(found) = place.query_selector_all("input:not([hidden]), a") else { return Vec::new() };
    (0..found.length()).filter_map(|nth| found.item(nth)?.dyn_into().ok()).collect()
}

fn focus(stop: &HtmlElement) {
    // What cannot take the focus leaves it where it is.
    let _focused = stop.focus();
}

/// `Ctrl K` or `⌘ K` leads to the list from anywhere. `open` goes to the page that has it, where it is not in view.
pub fn switch_by_key(chats: Chats, open: impl Fn() + 'static) {
    let _keys = window_event_listener(ev::keydown, move |event| {
        let wanted = (event.ctrl_key() || event.meta_key()) && !event.alt_key() && !event.shift_key();
        if !wanted || !event.key().eq_ignore_ascii_case("k") || !untrack(|| chats.is_known()) {
            return;
        }
        event.prevent_default();
        if !focus_list() {
            chats.summoned.set_value(true);
            open();
        }
    });
}

fn focus_list() -> bool {
    let found = document().query_selector(".chat-list").ok().flatten();
    let Some(place) = found.and_then(|place| place.dyn_into::<HtmlElement>().ok()) else { return false };
    if let Some(first) = stops(&place).first() {
        focus(first);
    }
    true
}
