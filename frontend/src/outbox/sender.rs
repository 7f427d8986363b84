//! Sends the messages of the outbox, whichever chat is open, and persists them until the server has them.

use std::mem;

use futures_util::future::{Either, select};
use gloo_timers::{callback::Timeout, future::TimeoutFuture};
use leptos::{ev, prelude::*, task::spawn_local};
use shared::{
    id::{ChatId, Head, Seq, UserId},
    message::{Message, PostMessage},
    problem::Problem,
    socket::{ClientFrame, ServerFrame},
};
use uuid::Uuid;

use super::{
    MessageContent, Outbox, PendingMessage, Rekeyed, idb_store,
    tab_lock::{self, TabLock},
};
use crate::{
    api, clock,
    listeners::Listeners,
    request_error::RequestError,
    session::Session,
    socket::{SocketClient, SocketEvent},
    storage,
};

/// How many messages may be in flight on the socket, which keeps their order.
const IN_FLIGHT_MAX: usize = 8;
/// How long to wait after a request that did not reach the server, in milliseconds.
const RETRY_DELAY: u32 = 3_000;
/// How long to wait for the turn, in milliseconds: a suspended tab may keep it, and a message sent twice is stored once.
const TURN_TIMEOUT: u32 = 10_000;
/// In local storage: set for a moment when a message has failed, or was retried or removed.
const CHANGED: &str = "outbox";

/// What became of a message, told after the outbox has taken it in.
pub enum OutboxEvent {
    Stored(Uuid),
    Failed(Uuid, Problem),
    /// There are files to upload.
    UploadsWait,
}

#[derive(Clone, Copy)]
pub struct OutboxSender {
    outbox: RwSignal<Outbox>,
    inner: StoredValue<Inner, LocalStorage>,
}

struct Inner {
    socket: SocketClient,
    listeners: Listeners<OutboxEvent>,
    /// Whether a message is in flight as a request. No other may be beside it.
    is_posting: bool,
    turn: Turn,
}

/// Whether this tab may send: the tabs of a browser do so one at a time, so that they do not send the same messages.
#[derive(Default)]
enum Turn {
    #[default]
    None,
    Requested,
    /// Without a lock if the browser has none.
    Taken {
        lock: Option<TabLock>,
    },
}

impl OutboxSender {
    pub fn new(socket: SocketClient) -> Self {
        let inner =
            Inner { socket, listeners: Listeners::default(), is_posting: false, turn: Turn::default() };
        let (outbox, inner) = (RwSignal::new(Outbox::default()), StoredValue::new_local(inner));
        let sender = Self { outbox, inner };
        socket.subscribe(move |event| sender.handle_event(event));
        let _storage = window_event_listener(ev::storage, move |event| {
            if event.key().as_deref() == Some(CHANGED) && event.new_value().is_some() {
                sender.load_persisted();
            }
        });
        spawn_local(sender.open_store());
        sender
    }

    async fn open_store(self) {
        if idb_store::open().await {
            for message in self.outbox.with_untracked(Outbox::list_unpersisted) {
                self.persist(&message, || ());
            }
            self.load_persisted();
        }
    }

    /// Whether closing the page would lose a message.
    pub fn has_unpersisted(self) -> bool {
        !self.outbox.with_untracked(Outbox::list_unpersisted).is_empty()
    }

    pub fn outbox(self) -> RwSignal<Outbox> {
        self.outbox
    }

    pub fn subscribe(self, listener: impl Fn(&OutboxEvent) + 'static) {
        self.inner.update_value(|inner| inner.listeners.add(listener));
    }

    fn emit(self, event: &OutboxEvent) {
        self.inner.with_value(|inner| inner.listeners.clone()).call(event);
    }

    fn handle_event(self, event: &SocketEvent) {
        match event {
            SocketEvent::Opened => {
                self.load_persisted();
                self.flush();
            }
            SocketEvent::Closed => {
                self.outbox.update(Outbox::requeue_in_flight);
                self.flush();
            }
            SocketEvent::PollAnswered => self.flush(),
            SocketEvent::Frame(ServerFrame::Posted { client_id, seq, .. }) => {
                self.on_stored(*client_id, *seq);
            }
            SocketEvent::Frame(ServerFrame::Refused { client_id: Some(client_id), problem, .. }) => {
                self.on_rejected(*client_id, problem);
            }
            SocketEvent::Frame(_) | SocketEvent::Poll => {}
        }
    }

    /// Loads this user's messages from before a reload or from other tabs, and sends those that wait.
    pub fn load_persisted(self) {
        let Some(user_id) = self.session().user_id_untracked() else { return };
        spawn_local(async move {
            self.reconcile(user_id).await;
            if self.has_waiting(user_id) || self.has_uploading(user_id) {
                self.socket().start();
                self.flush();
            }
        });
    }

    /// See [`Outbox::reconcile`].
    pub async fn reconcile(self, user_id: UserId) {
        let Some(mut messages) = idb_store::list(user_id).await else { return };
        for message in messages.iter_mut().filter(|message| message.chat_id == ChatId::default()) {
            // Persisted by an earlier version, which stored only the URI.
            if let Ok(page) = self.session().send(api::get_latest_messages(&message.uri)).await {
                message.chat_id = page.id;
            }
        }
        messages.retain(|message| message.chat_id != ChatId::default());
        self.outbox.try_maybe_update(|outbox| (outbox.reconcile(user_id, messages), ()));
    }

    pub fn send(self, chat_id: ChatId, uri: String, content: MessageContent) {
        let Some(user_id) = self.session().user_id_untracked() else { return };
        let message =
            self.outbox.try_update(|outbox| outbox.enqueue(user_id, chat_id, uri, content, clock::now()));
        if let Some(message) = message {
            self.persist(&message, || ());
            self.flush();
        }
    }

    pub fn retry(self, client_id: Uuid) {
        let retried = self.outbox.try_update(|outbox| outbox.retry(client_id, clock::now()));
        if let Some(Rekeyed { before, after }) = retried.flatten() {
            idb_store::delete(&before, || ());
            self.persist(&after, announce_change);
            self.flush();
        }
    }

    /// See [`Outbox::end_slow_mode`].
    pub fn end_slow_mode(self, chat_id: ChatId) {
        let ended = self.outbox.try_maybe_update(|outbox| {
            let ended = outbox.end_slow_mode(chat_id);
            (ended, ended)
        });
        if ended == Some(true) {
            self.flush();
        }
    }

    pub fn remove(self, client_id: Uuid) -> Option<PendingMessage> {
        let removed = self.outbox.try_update(|outbox| outbox.remove(client_id)).flatten()?;
        idb_store::delete(&removed, announce_change);
        Some(removed)
    }

    /// See [`Outbox::acknowledge`].
    pub fn acknowledge(self, chat_id: ChatId, head: Head, is_visible: impl Fn(Uuid) -> bool) {
        let unacknowledged = self.outbox.try_update(|outbox| outbox.acknowledge(chat_id, head, is_visible));
        for message in unacknowledged.unwrap_or_default() {
            idb_store::delete(&message, || ());
        }
    }

    /// Sends the waiting messages, or requests the turn to.
    fn flush(self) {
        let Some(user_id) = self.session().user_id_untracked() else { return self.end_turn() };
        if self.has_uploading(user_id) {
            self.emit(&OutboxEvent::UploadsWait);
        }
        let (has_turn, is_requested) = self.inner.with_value(|inner| {
            (matches!(inner.turn, Turn::Taken { .. }), matches!(inner.turn, Turn::Requested))
        });
        if has_turn {
            while self.send_next(user_id) {}
            if !self.outbox.with_untracked(Outbox::has_in_flight) {
                self.end_turn();
            }
        } else if !is_requested && self.has_waiting(user_id) {
            self.set_turn(Turn::Requested);
            spawn_local(self.take_turn(user_id));
        }
    }

    /// Waits until no other tab sends, and takes over what they have done.
    async fn take_turn(self, user_id: UserId) {
        let turn = async {
            let lock = tab_lock::acquire(&format!("outbox/{user_id}")).await;
            self.reconcile(user_id).await;
            lock
        };
        let lock = match select(Box::pin(turn), TimeoutFuture::new(TURN_TIMEOUT)).await {
            Either::Left((lock, _)) => lock,
            Either::Right(_) => None,
        };
        self.set_turn(Turn::Taken { lock });
        self.flush();
    }

    /// Lets another tab send, as soon as the browser's database shows what this one has done.
    fn end_turn(self) {
        if let Some(Turn::Taken { lock: Some(lock) }) = self.set_turn(Turn::None) {
            spawn_local(async move {
                idb_store::settle().await;
                drop(lock);
            });
        }
    }

    /// Sends a message over the socket, or by a request without one. Returns whether another one may follow.
    fn send_next(self, user_id: UserId) -> bool {
        if self.is_posting() {
            return false;
        }
        let has_socket = self.socket().is_open();
        let in_flight_max = if has_socket { IN_FLIGHT_MAX } else { 1 };
        let next = self.outbox.try_maybe_update(|outbox| {
            let next = outbox.take_next(user_id, in_flight_max, clock::now());
            (next.is_some(), next)
        });
        let Some(PendingMessage { client_id, chat_id, uri, text: message, reply_to, files, .. }) =
            next.flatten()
        else {
            return false;
        };
        if has_socket {
            // If the socket is closing, its `Closed` event requeues the message.
            self.socket().send_expecting_reply(&ClientFrame::Post {
                chat_id,
                client_id,
                message,
                reply_to,
                files,
            })
        } else {
            self.set_posting(true);
            let post = PostMessage { message, client_id: Some(client_id), reply_to, files };
            spawn_local(self.post(uri, client_id, post));
            false
        }
    }

    async fn post(self, uri: String, client_id: Uuid, post: PostMessage) {
        let response = self.session().send(api::post_message(&uri, &post)).await;
        self.set_posting(false);
        match response {
            Ok(Message { seq, .. }) => self.on_stored(client_id, seq),
            Err(RequestError::Rejected(problem)) => self.on_rejected(client_id, &problem),
            Err(RequestError::Unreachable) => {
                self.outbox.update(Outbox::requeue_in_flight);
                self.end_turn();
                self.flush_after(if self.socket().is_open() { 0 } else { RETRY_DELAY });
            }
        }
    }

    fn on_stored(self, client_id: Uuid, seq: Seq) {
        let stored = self.find(client_id);
        if let Some(message) = &stored {
            self.outbox.update(|outbox| outbox.mark_stored(client_id, seq));
            idb_store::delete(message, || ());
        }
        self.flush();
        if stored.is_some() {
            self.emit(&OutboxEvent::Stored(client_id));
        }
    }

    fn on_rejected(self, client_id: Uuid, problem: &Problem) {
        let pause = self.outbox.try_update(|outbox| outbox.reject(client_id, problem, clock::now()));
        if let Some(pause) = pause.flatten() {
            self.flush_after(u32::try_from(pause).unwrap_or_default());
            self.flush();
            return;
        }
        self.on_decided(client_id, problem);
    }

    /// A message that was rejected has failed, or its files are uploaded again.
    fn on_decided(self, client_id: Uuid, problem: &Problem) {
        let decided = self.find(client_id);
        if let Some(message) = &decided {
            self.persist(message, announce_change);
        }
        self.flush();
        if decided.is_some_and(|message| message.has_failed()) {
            self.emit(&OutboxEvent::Failed(client_id, problem.clone()));
        }
    }

    /// See [`Outbox::next_upload`].
    pub fn next_upload(self, user_id: UserId) -> Option<PendingMessage> {
        self.outbox.with_untracked(|outbox| outbox.next_upload(user_id).cloned())
    }

    /// See [`Outbox::finish_upload`].
    pub fn finish_upload(self, client_id: Uuid) {
        let message = self.outbox.try_update(|outbox| outbox.finish_upload(client_id)).flatten();
        if let Some(message) = message {
            self.persist(&message, announce_change);
            self.flush();
        }
    }

    /// The files of a message cannot be uploaded.
    pub fn fail_upload(self, client_id: Uuid, problem: &Problem) {
        self.outbox.update(|outbox| outbox.fail_upload(client_id, problem.code));
        self.on_decided(client_id, problem);
    }

    fn flush_after(self, milliseconds: u32) {
        let flush = move || {
            self.outbox.update(Outbox::resume);
            self.flush();
        };
        Timeout::new(milliseconds, flush).forget();
    }

    fn find(self, client_id: Uuid) -> Option<PendingMessage> {
        self.outbox.with_untracked(|outbox| outbox.find(client_id).cloned())
    }

    fn has_waiting(self, user_id: UserId) -> bool {
        self.outbox.with_untracked(|outbox| outbox.has_waiting(user_id))
    }

    fn has_uploading(self, user_id: UserId) -> bool {
        self.outbox.with_untracked(|outbox| outbox.has_uploading(user_id))
    }

    fn persist(self, message: &PendingMessage, on_persisted: fn()) {
        let client_id = message.client_id;
        idb_store::put(message, move || {
            self.outbox.update_untracked(|outbox| outbox.mark_persisted(client_id));
            on_persisted();
        });
    }

    /// Returns the turn before.
    fn set_turn(self, turn: Turn) -> Option<Turn> {
        self.inner.try_update_value(|inner| mem::replace(&mut inner.turn, turn))
    }

    fn is_posting(self) -> bool {
        self.inner.with_value(|inner| inner.is_posting)
    }

    fn set_posting(self, is_posting: bool) {
        self.inner.update_value(|inner| inner.is_posting = is_posting);
    }

    fn socket(self) -> SocketClient {
        self.inner.with_value(|inner| inner.socket)
    }

    pub fn session(self) -> Session {
        self.socket().session()
    }
}

/// Makes the other tabs load the messages again.
fn announce_change() {
    for value in [Some("changed"), None] {
        storage::write(storage::browser(), CHANGED, value);
    }
}
