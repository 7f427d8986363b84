//! What a search has found, and the request for it.

use std::cell::RefCell;

use gloo_timers::callback::Timeout;
use leptos::{prelude::*, task::spawn_local};
use shared::{
    id::{MessageId, Seq},
    search::{SearchResponse, SearchResult},
};

use crate::{
    api::search::search_messages,
    request_error::RequestError,
    session::{Session, use_session},
};

/// How long to wait for the next key before a search is sent, in milliseconds.
const TYPING_DELAY: u32 = 250;

#[derive(Clone, Debug, Default, PartialEq)]
pub enum SearchStatus {
    /// Nothing is searched for.
    #[default]
    Idle,
    Searching,
    /// Whether all messages could be searched.
    Found {
        incomplete: bool,
    },
    Failed(RequestError),
}

/// A search that follows what is typed.
#[derive(Clone, Copy)]
pub struct MessageSearch {
    session: Session,
    /// The chat; empty for all.
    uri: Signal<String>,
    pub results: RwSignal<Vec<SearchResult>>,
    pub status: RwSignal<SearchStatus>,
    /// Where the next page begins.
    pub next: RwSignal<Option<MessageId>>,
    inner: StoredValue<Inner, LocalStorage>,
}

/// What a search has found, while the user looks at one of the messages.
struct SavedSearch {
    uri: String,
    text: String,
    results: Vec<SearchResult>,
    status: SearchStatus,
    next: Option<MessageId>,
    before: Option<MessageId>,
    /// The message.
    opened: Seq,
}

thread_local! {
    static SAVED: RefCell<Option<SavedSearch>> = const { RefCell::new(None) };
}

#[derive(Default)]
struct Inner {
    text: String,
    /// Whether the text is sent when nothing more is typed.
    is_waiting: bool,
    /// The number of the latest request: responses to others are outdated.
    request: u32,
    timer: Option<Timeout>,
    /// What was requested last: the page before this message.
    before: Option<MessageId>,
}

impl MessageSearch {
    pub fn new(uri: Signal<String>) -> Self {
        Self {
            session: use_session(),
            uri,
            results: RwSignal::default(),
            status: RwSignal::default(),
            next: RwSignal::default(),
            inner: StoredValue::new_local(Inner::default()),
        }
    }

    pub fn text(self) -> String {
        self.inner.with_value(|inner| inner.text.clone())
    }

    /// Keeps what was found for when the search is shown again. `opened` is the message that is shown meanwhile.
    pub fn save(self, opened: Seq) {
        SAVED.set(Some(SavedSearch {
            uri: self.uri.get_untracked(),
            text: self.text(),
            results: self.results.get_untracked(),
            status: self.status.get_untracked(),
            next: self.next.get_untracked(),
            before: self.inner.with_value(|inner| inner.before),
            opened,
        }));
    }

    /// Shows again what was found in this chat; returns which message was opened.
    pub fn restore(self) -> Option<Seq> {
        let uri = self.uri.get_untracked();
        let SavedSearch { text, results, status, next, before, opened, .. } =
            SAVED.take().filter(|saved| saved.uri == uri)?;
        self.inner.update_value(|inner| (inner.text, inner.before) = (text, before));
        self.results.set(results);
        self.status.set(status);
        self.next.set(next);
        if self.status.get_untracked() == SearchStatus::Searching {
            self.send(before);
        }
        Some(opened)
    }

    /// Searches for a text once nothing more is typed.
    pub fn set_text(self, text: &str) {
        let text = text.trim();
        if self.inner.with_value(|inner| inner.text == text) {
            return;
        }
        let is_empty = text.is_empty();
        let send = move || {
            self.send_now();
        };
        let timer = (!is_empty).then(|| Timeout::new(TYPING_DELAY, send));
        self.inner.update_value(|inner| {
            text.clone_into(&mut inner.text);
            inner.request += 1;
            inner.is_waiting = !is_empty;
            inner.timer = timer;
        });
        if is_empty {
            self.results.set(Vec::new());
            self.next.set(None);
        }
        self.status.set(if is_empty { SearchStatus::Idle } else { SearchStatus::Searching });
    }

    /// Searches at once for what was typed; `false` if that was done.
    pub fn send_now(self) -> bool {
        let is_waiting = self.inner.with_value(|inner| inner.is_waiting);
        if is_waiting {
            self.send(None);
        }
        is_waiting
    }

    pub fn load_more(self) {
        if let Some(next) = self.next.get_untracked() {
            self.status.set(SearchStatus::Searching);
            self.send(Some(next));
        }
    }

    /// Sends the last request again, after an error.
    pub fn retry(self) {
        self.status.set(SearchStatus::Searching);
        self.send(self.inner.with_value(|inner| inner.before));
    }

    fn send(self, before: Option<MessageId>) {
        let Some((text, number)) = self.inner.try_update_value(|inner| {
            inner.request += 1;
            inner.is_waiting = false;
            inner.before = before;
            (inner.text.clone(), inner.request)
        }) else {
            return;
        };
        let request = search_messages(&self.uri.get_untracked(), &text, before);
        spawn_local(async move {
            let response = self.session.send(request).await;
            // Not if something else is searched for by then, or the results are not shown any more.
            if self.inner.try_with_value(|inner| inner.request) == Some(number) {
                self.show(response, before.is_some());
            }
        });
    }

    fn show(self, response: Result<SearchResponse, RequestError>, is_further_page: bool) {
        match response {
            Ok(SearchResponse { results, before, incomplete }) => {
                if is_further_page {
                    self.results.update(|shown| shown.extend(results));
                } else {
                    self.results.set(results);
                }
                self.next.set(before);
                self.status.set(SearchStatus::Found { incomplete });
            }
            Err(error) => {
                if !is_further_page {
                    self.results.set(Vec::new());
                    self.next.set(None);
                }
                self.status.set(SearchStatus::Failed(error));
            }
        }
    }
}
