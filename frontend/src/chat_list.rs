//! The user's chats: the list of them, kept up to date by the socket, and what can be done in it.

mod list;
mod media_query;
pub mod mute;
pub mod panel;
mod read_sync;
mod row;
#[cfg(test)]
mod tests;

use std::mem;

use gloo_timers::callback::Timeout;
use leptos::{prelude::*, task::spawn_local};
use shared::{
    id::{ChatId, Seq},
    member::MembershipStatus,
    problem::ProblemCode,
    socket::{ClientFrame, ServerFrame},
};
use uuid::Uuid;

use self::{
    list::{ChatEntry, ChatList, UpdateResult},
    read_sync::{ReadPosition, ReadSync},
    row::RowData,
};
use crate::{
    api,
    js::lowercase,
    session::Session,
    socket::{SocketClient, SocketEvent},
    strings,
};

/// How long to wait before the list is fetched again when it may be outdated, in milliseconds.
const REFRESH_DELAY: u32 = 1_500;
/// How long to wait before the next attempt when the server did not answer, in milliseconds.
const RETRY_DELAY: u32 = 5_000;
/// Without a socket, the list is fetched with every so many polls.
const POLLS_PER_REFRESH: u32 = 5;

/// Lives as long as the page.
#[derive(Clone, Copy)]
pub struct ChatListStore {
    list: RwSignal<Option<ChatList>>,
    /// Counts how often the list was fetched.
    fetch_count: RwSignal<u32>,
    /// Whether there is space for the list beside a chat.
    is_wide: RwSignal<bool>,
    filter: RwSignal<String>,
    inner: StoredValue<Inner, LocalStorage>,
}

struct Inner {
    socket: SocketClient,
    read_sync: ReadSync,
    /// Whether the list is to be focused when it is rendered.
    focus_on_render: bool,
    /// The frames that arrived while the list is being fetched: they may be newer than the response.
    pending_frames: Option<Vec<ServerFrame>>,
    /// Whether the socket opened while the list was being fetched: what changed in between is in neither.
    opened_while_fetching: bool,
    /// The version of the list, while it is complete and as the server sent it.
    fetched_version: Option<Uuid>,
    /// Runs until the list is fetched again.
    refresh_timer: Option<Timeout>,
    poll_count: u32,
}

pub fn use_chat_list() -> ChatListStore {
    expect_context()
}

impl ChatListStore {
    pub fn new(socket: SocketClient) -> Self {
        let inner = Inner {
            socket,
            read_sync: ReadSync::new(socket),
            focus_on_render: false,
            pending_frames: None,
            opened_while_fetching: false,
            fetched_version: None,
            refresh_timer: None,
            poll_count: 0,
        };
        let store = Self {
            list: RwSignal::new(None),
            fetch_count: RwSignal::new(0),
            is_wide: media_query::track_wide(),
            filter: RwSignal::new(String::new()),
            inner: StoredValue::new_local(inner),
        };
        socket.subscribe(move |event| store.handle_event(event));
        store
    }

    /// A user signed in.
    pub fn start(&self) {
        self.socket().start();
        self.refresh();
    }

    /// The user signed out.
    pub fn clear(&self) {
        self.list.set(None);
        self.filter.set(String::new());
        self.inner.update_value(|inner| inner.refresh_timer = None);
    }

    // Reading

    /// Changes whenever the list was fetched.
    pub fn fetch_count(&self) -> u32 {
        self.fetch_count.get()
    }

    pub fn is_loaded(&self) -> bool {
        self.list.with(Option::is_some)
    }

    pub fn contains(&self, uri: &str) -> bool {
        self.with_entry(uri, |entry| entry.is_some())
    }

    /// The number of unread messages in all chats that are not muted.
    pub fn unread_count(&self) -> usize {
        self.list.with(|list| list.as_ref().map_or(0, ChatList::unread_count))
    }

    /// One sentence for each user who waits to join a chat that is not muted and that this user moderates.
    pub fn join_requests(&self) -> Vec<String> {
        self.list.with(|list| {
            let audible = list.iter().flat_map(ChatList::entries).filter(|entry| !entry.chat.muted);
            let sentences = audible.flat_map(|entry| {
                let title = row::title(&entry.chat);
                let users = entry.chat.join_requests.iter();
                users.map(move |user| strings::moderation::wants_to_join_chat(user.name(), &title))
            });
            sentences.collect()
        })
    }

    /// The user's read position in the chat, if it is known. Does not track it.
    pub fn read_seq(&self, uri: &str) -> Option<Seq> {
        untrack(|| self.with_entry(uri, |entry| entry.map(|entry| entry.chat.read_seq)))
    }

    pub fn is_muted(&self, uri: &str) -> bool {
        self.with_entry(uri, |entry| entry.is_some_and(|entry| entry.chat.muted))
    }

    pub fn is_wide(&self) -> bool {
        self.is_wide.get()
    }

    /// The chat's name, or the names of its other members.
    pub fn title(&self, uri: &str) -> Option<String> {
        self.with_entry(uri, |entry| entry.map(|entry| row::title(&entry.chat)))
    }

    fn row(&self, uri: &str) -> Option<RowData> {
        let user_id = self.session().user_id().unwrap_or_default();
        self.with_entry(uri, |entry| entry.map(|entry| RowData::new(entry, user_id)))
    }

    /// The URIs of the chats that match the filter, newest first.
    fn matching_uris(&self) -> Vec<String> {
        let filter = lowercase(self.filter.read().trim());
        self.list.with(|list| {
            let entries = list.iter().flat_map(ChatList::entries);
            let matching = entries
                .filter(|entry| filter.is_empty() || lowercase(&row::title(&entry.chat)).contains(&filter));
            matching.map(|entry| entry.chat.uri.clone()).collect()
        })
    }

    pub fn count(&self) -> usize {
        self.list.with(|list| list.as_ref().map_or(0, |list| list.entries().len()))
    }

    fn with_entry<T>(&self, uri: &str, read: impl FnOnce(Option<&ChatEntry>) -> T) -> T {
        self.list.with(|list| read(list.as_ref().and_then(|list| list.find(uri))))
    }

    /// Makes the list take the focus when it is rendered.
    fn focus_when_rendered(&self) {
        self.inner.update_value(|inner| inner.focus_on_render = true);
    }

    fn take_focus_on_render(&self) -> bool {
        self.inner.try_update_value(|inner| mem::take(&mut inner.focus_on_render)) == Some(true)
    }

    fn socket(&self) -> SocketClient {
        self.inner.with_value(|inner| inner.socket)
    }

    fn session(&self) -> Session {
        self.socket().session()
    }

    // Changing

    /// The user is a member of this chat now.
    pub fn on_joined(&self, uri: &str) {
        if !untrack(|| self.contains(uri)) {
            self.on_outdated();
        }
    }

    /// The user has seen the chat up to `seq`.
    pub fn mark_read(&self, chat_id: ChatId, uri: String, seq: Seq) {
        if self.read_seq(&uri).is_some_and(|known| known >= seq) {
            return;
        }
        self.update(|list| list.mark_read(chat_id, seq));
        // The position may be lost, and is sent again after a fetch.
        self.set_outdated();
        self.inner.with_value(|inner| inner.read_sync).send(ReadPosition { chat_id, uri, seq });
    }

    /// Shown at once, and undone if the server rejects it.
    pub fn set_muted(&self, uri: String, is_muted: bool) {
        let store = *self;
        store.show_muted(&uri, is_muted);
        spawn_local(async move {
            if store.session().send(api::set_mute(&uri, is_muted)).await.is_err() {
                store.show_muted(&uri, !is_muted);
            }
        });
    }

    fn show_muted(&self, uri: &str, is_muted: bool) {
        self.list.update(|list| {
            if let Some(list) = list {
                list.set_muted(uri, is_muted);
            }
        });
    }

    /// Applies a change to the list, if it is loaded, and notifies only if something is different.
    fn update(&self, update: impl FnOnce(&mut ChatList) -> UpdateResult) {
        let result = self.list.try_maybe_update(|list| {
            let result = list.as_mut().map_or(UpdateResult::Unchanged, update);
            (result != UpdateResult::Unchanged, result)
        });
        if result == Some(UpdateResult::NeedsRefresh) {
            self.set_outdated();
            self.refresh_in(REFRESH_DELAY);
        }
    }

    // Receiving

    fn handle_event(&self, event: &SocketEvent) {
        match event {
            SocketEvent::Opened => self.on_opened(),
            SocketEvent::Poll => self.on_poll(),
            SocketEvent::Frame(frame) => {
                self.inner.update_value(|inner| {
                    if let Some(frames) = &mut inner.pending_frames {
                        frames.push(frame.clone());
                    }
                });
                self.handle_frame(frame);
            }
            SocketEvent::Closed | SocketEvent::PollAnswered => {}
        }
    }

    fn on_poll(&self) {
        self.inner.update_value(|inner| inner.poll_count = inner.poll_count.wrapping_add(1));
        if self.inner.with_value(|inner| inner.poll_count.is_multiple_of(POLLS_PER_REFRESH)) {
            self.refresh();
        }
    }

    fn handle_frame(&self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Changes(changes) => self.update(|list| list.apply(changes)),
            ServerFrame::Read { chat_id, user_id, seq }
                if Some(*user_id) == self.session().user_id_untracked() =>
            {
                self.update(|list| list.mark_read(*chat_id, *seq));
            }
            // Also sent when something changed that concerns only this user.
            ServerFrame::Membership { status: MembershipStatus::Member, .. } => self.on_outdated(),
            ServerFrame::Membership { chat_id, .. } | ServerFrame::Gone { chat_id } => {
                self.update(|list| list.remove(*chat_id));
            }
            // The chat was deleted while the socket opened.
            ServerFrame::Refused { client_id: None, chat_id: Some(chat_id), problem, .. }
                if problem.code == ProblemCode::ChatNotFound =>
            {
                self.update(|list| list.remove(*chat_id));
            }
            ServerFrame::Resync { chat_id } => self.update(|list| {
                if list.contains(*chat_id) { UpdateResult::NeedsRefresh } else { UpdateResult::Unchanged }
            }),
            _ => {}
        }
    }

    // Fetching

    fn on_opened(&self) {
        if self.is_fetching() {
            self.inner.update_value(|inner| inner.opened_while_fetching = true);
        } else if self.is_current() {
            self.follow();
        } else {
            self.refresh();
        }
    }

    /// Whether the list is as it was fetched, and nothing was missed until the socket opened.
    fn is_current(&self) -> bool {
        let fetched = self.inner.with_value(|inner| inner.fetched_version);
        fetched.is_some() && fetched == self.socket().chat_list_version()
    }

    /// The list differs from the server's: the next socket fetches it.
    fn set_outdated(&self) {
        self.inner.update_value(|inner| inner.fetched_version = None);
    }

    /// Asks for the changes of all chats since the list.
    fn follow(&self) {
        let followed =
            self.list.with_untracked(|list| list.as_ref().map(|list| (list.epoch(), list.followed_chats())));
        if let Some((epoch, chats)) = followed {
            self.socket().send(&ClientFrame::Follow { epoch, chats });
        }
    }

    /// The server has changed something that the list cannot derive.
    fn on_outdated(&self) {
        if self.is_fetching() {
            // The response on its way may be older than the change.
            self.refresh_in(REFRESH_DELAY);
        } else {
            self.refresh();
        }
    }

    /// Fetches the list, unless it is being fetched, and follows its chats.
    pub fn refresh(&self) {
        let store = *self;
        let Some(user_id) = self.session().user_id_untracked() else { return };
        if self.is_fetching() {
            return;
        }
        self.inner.update_value(|inner| {
            inner.refresh_timer = None;
            inner.pending_frames = Some(Vec::new());
            inner.opened_while_fetching = false;
            inner.fetched_version = None;
        });
        spawn_local(async move {
            let response = store.session().send(api::list_chats()).await;
            let frames = store.take_pending_frames();
            if store.session().user_id_untracked() != Some(user_id) {
                store.refresh();
                return;
            }
            match response {
                Ok(response) => {
                    // With more chats than are listed, a message moves others into the list.
                    let version = Some(response.version).filter(|_| !response.more);
                    store.inner.update_value(|inner| inner.fetched_version = version);
                    store.on_fetched(ChatList::new(response, user_id), frames);
                }
                // Without a socket, the next poll or the next socket fetches it.
                Err(_) if store.socket().is_open() => store.refresh_in(RETRY_DELAY),
                Err(_) => {}
            }
        });
    }

    fn take_pending_frames(&self) -> Vec<ServerFrame> {
        self.inner.try_update_value(|inner| inner.pending_frames.take()).flatten().unwrap_or_default()
    }

    fn on_fetched(&self, list: ChatList, frames: Vec<ServerFrame>) {
        self.list.set(Some(list));
        let has_opened = self.inner.with_value(|inner| inner.opened_while_fetching);
        if has_opened && !self.is_current() {
            self.refresh();
        } else {
            self.follow();
        }
        for frame in frames {
            self.handle_frame(&frame);
        }
        self.inner.with_value(|inner| inner.read_sync).forget_sent();
        self.fetch_count.update(|count| *count = count.wrapping_add(1));
    }

    fn is_fetching(&self) -> bool {
        self.inner.with_value(|inner| inner.pending_frames.is_some())
    }

    fn refresh_in(&self, milliseconds: u32) {
        let store = *self;
        self.inner.update_value(|inner| {
            inner.refresh_timer.get_or_insert_with(|| Timeout::new(milliseconds, move || store.refresh()));
        });
    }
}
