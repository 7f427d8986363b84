//! Searching messages: in one chat, in its sidebar, and in all chats, below the chat list.

mod excerpt;
mod results;

use leptos::{ev, html, prelude::*};
use shared::{
    id::{MessageId, Seq},
    search::SearchResult,
};
use web_sys::HtmlElement;

use self::{
    excerpt::excerpt,
    results::{MessageSearch, SearchStatus},
};
use crate::{
    clock,
    components::{focus_stops::focus_next_stop, form_request::focus_soon},
    input_method::{is_composing, is_touch_screen},
    js::call,
    lazy_styles,
    lazy_view::lazy_view,
    strings::{dates, errors, files, search as texts},
};

const FIELD_ID: &str = "message-search";

/// What is searched.
#[derive(Clone, Copy)]
enum Scope {
    /// One chat, in whose messages `show` shows one.
    Chat { show: Callback<Seq> },
    /// All chats, whose titles `title` knows by their URIs.
    AllChats { title: Callback<String, String> },
}

/// The search in one chat: a field and the results.
#[component]
pub fn ChatSearch(
    uri: Signal<String>,
    show: Callback<Seq>,
    /// Whether a message takes the place of the results when it is shown.
    is_covered: Signal<bool>,
) -> impl IntoView {
    let (search, container) = (MessageSearch::new(uri), NodeRef::<html::Search>::new());
    focus_soon(search.restore().map_or_else(|| FIELD_ID.to_owned(), result_id));
    let show = Callback::new(move |seq| {
        if is_covered.get_untracked() {
            search.save(seq);
        }
        show.run(seq);
    });
    let on_key = move |event: ev::KeyboardEvent| {
        if let Some(container) = container.get_untracked()
            && handle_key(search, &container, &event)
        {
            event.prevent_default();
        }
    };
    view! {
        <search class="message-search" node_ref=container on:keydown=on_key>
            <span class="input">
                <input
                    type="search"
                    id=FIELD_ID
                    aria-label=texts::SEARCH_MESSAGES
                    placeholder=texts::SEARCH_MESSAGES
                    autocomplete="off"
                    enterkeyhint="search"
                    value=search.text()
                    on:input=move |event| search.set_text(&event_target_value(&event))
                />
            </span>
            <Results search scope=Scope::Chat { show } />
        </search>
    }
}

/// In the field, Enter searches at once, and leads to the results that are there. The arrow keys move between them.
fn handle_key(search: MessageSearch, container: &HtmlElement, event: &ev::KeyboardEvent) -> bool {
    let field = document().active_element().filter(|active| active.id() == FIELD_ID);
    match field {
        Some(field) if event.key() == "Enter" && !is_composing(event) => {
            if search.send_now() {
                // The on-screen keyboard would cover the results.
                let _hidden = is_touch_screen().then(|| call(&field, "blur", &[]));
            } else {
                focus_next_stop(container, "ArrowDown");
            }
            true
        }
        _ => focus_next_stop(container, &event.key()),
    }
}

lazy_view! {
    tools,
    pub fn search_in_all_chats(filter: RwSignal<String>, title: Callback<String, String>) {
        lazy_styles::install();
        view! { <AllChatsSearch filter title /> }
    }
}

/// The messages of all chats that match the text in the field of the chat list.
#[component]
fn AllChatsSearch(filter: RwSignal<String>, title: Callback<String, String>) -> impl IntoView {
    let search = MessageSearch::new(Signal::derive(String::new));
    Effect::new(move |_| search.set_text(&filter.read()));
    view! {
        <section class="message-search" aria-label=texts::MESSAGES>
            <h3>{texts::MESSAGES}</h3>
            <Results search scope=Scope::AllChats { title } />
        </section>
    }
}

#[component]
fn Results(search: MessageSearch, scope: Scope) -> impl IntoView {
    let status = move || match &*search.status.read() {
        SearchStatus::Idle if matches!(scope, Scope::Chat { .. }) => texts::HINT,
        SearchStatus::Searching => texts::SEARCHING,
        SearchStatus::Found { incomplete: true } => texts::INCOMPLETE,
        SearchStatus::Found { .. } if search.results.read().is_empty() && search.next.read().is_none() => {
            texts::NOTHING_FOUND
        }
        SearchStatus::Found { .. } if search.results.read().is_empty() => texts::NOTHING_FOUND_YET,
        SearchStatus::Idle | SearchStatus::Failed(_) | SearchStatus::Found { .. } => "",
    };
    let error = move || match &*search.status.read() {
        SearchStatus::Failed(error) => texts::error(error.problem()),
        _ => String::new(),
    };
    let can_retry = move || matches!(&*search.status.read(), SearchStatus::Failed(error) if texts::is_temporary(error.problem()));
    view! {
        <p class="hint" role="status">{status}</p>
        <p class="error" role="alert">{error}</p>
        <button class="plain" hidden=move || !can_retry() on:click=move |_| search.retry()>
            {errors::TRY_AGAIN}
        </button>
        <ul class="search-results">
            <For each=move || search.results.get() key=row_key children=move |found| result(found, scope) />
        </ul>
        <button class="plain" hidden=move || search.next.read().is_none() on:click=move |_| search.load_more()>
            {texts::SHOW_MORE}
        </button>
    }
}

/// A row is rendered again if another search finds its message, and if the message has changed.
fn row_key(found: &SearchResult) -> (MessageId, Seq, Vec<[u32; 2]>) {
    (found.message.id, found.message.revision, found.matches.clone())
}

/// Of a result in the search of a chat.
fn result_id(seq: Seq) -> String {
    format!("result-{seq}")
}

fn result(found: SearchResult, scope: Scope) -> impl IntoView {
    let SearchResult { uri, chat_name, message, matches, .. } = found;
    let (seq, at) = (message.seq, clock::stored_at(&message));
    let chat = match scope {
        Scope::Chat { .. } => None,
        Scope::AllChats { title } => {
            Some(if chat_name.is_empty() { title.run(uri.clone()) } else { chat_name })
        }
    };
    let parts = if message.message.trim().is_empty() {
        vec![(files::description(&message.files), false)]
    } else {
        excerpt(&message.message, &message.mentions, &matches)
    };
    let text = parts.into_iter().map(|(part, is_match)| {
        if is_match { view! { <mark>{part}</mark> }.into_any() } else { part.into_any() }
    });
    let on_click = move |event: ev::MouseEvent| {
        let is_plain = !(event.ctrl_key() || event.meta_key() || event.shift_key());
        if let Scope::Chat { show } = scope
            && is_plain
        {
            event.prevent_default();
            show.run(seq);
        }
    };
    let id = matches!(scope, Scope::Chat { .. }).then(|| result_id(seq));
    view! {
        <li>
            <a id=id class="search-result" href=format!("/chats/{uri}?at={seq}") on:click=on_click>
                <span>
                    <strong><bdi>{message.user.name().to_owned()}</bdi></strong>
                    <time class="hint" datetime=clock::iso(at) title=clock::full(at)>{move || dates::short_label(at)}</time>
                </span>
                {chat.map(|chat| view! { <bdi class="hint">{chat}</bdi> })}
                <span class="search-result-text" dir="auto">{text.collect_view()}</span>
            </a>
        </li>
    }
}
