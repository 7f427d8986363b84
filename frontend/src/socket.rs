//! The WebSocket connection to the server: opened when needed, kept alive, and replaced when it breaks.

pub mod backoff;
mod connection;
mod frame_reader;
pub mod status;

use futures_channel::oneshot;
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use gloo_timers::{
    callback::{Interval, Timeout},
    future::TimeoutFuture,
};
use leptos::{prelude::*, task::spawn_local};
use shared::socket::{ClientFrame, ServerFrame};
use uuid::Uuid;

use self::{
    backoff::Backoff,
    connection::SocketConnection,
    status::{ConnectionStatus, GRACE},
};
use crate::{api, clock, listeners::Listeners, session::Session};

/// How often to poll for changes while there is no socket, in milliseconds.
const POLL_INTERVAL: u32 = 3_000;
/// A socket that owes an answer for this long, in milliseconds, is considered dead.
const REPLY_TIMEOUT: u32 = 10_000;
/// How long to wait before the next attempt while the browser reports no network, in milliseconds.
const OFFLINE_DELAY: u32 = 30_000;
/// The longest delay that the server can ask for, in seconds.
const RETRY_AFTER_MAX: u64 = 30;

#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(clippy::large_enum_variant, reason = "small on wasm32, and never stored")
)]
pub enum SocketEvent {
    /// The socket is open: subscribe, and send what is pending.
    Opened,
    /// The socket is closed; frames without an answer may be lost.
    Closed,
    Frame(ServerFrame),
    /// There is no socket: request the changes.
    Poll,
    /// A poll was answered: requests reach the server.
    PollAnswered,
}

/// How the server is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Transport {
    #[default]
    None,
    Requests,
    Socket,
}

#[derive(Clone, Copy)]
pub struct SocketClient {
    inner: StoredValue<Inner, LocalStorage>,
}

struct Inner {
    session: Session,
    status: RwSignal<Option<ConnectionStatus>>,
    listeners: Listeners<SocketEvent>,
    connection: Option<SocketConnection>,
    /// The version of the chat list when the socket opened.
    chat_list_version: Option<Uuid>,
    transport: Transport,
    is_running: bool,
    /// Runs from the loss of the socket until the loss is shown.
    grace_timer: Option<Timeout>,
    /// Whether the socket has been gone for longer than [`GRACE`].
    grace_elapsed: bool,
    /// When the oldest frame was sent that still expects an answer.
    awaiting_reply_since: Option<i64>,
    /// Ends the delay before the next attempt.
    wake: Option<oneshot::Sender<()>>,
}

/// How a connection ended.
#[derive(Default)]
struct ConnectionEnd {
    /// When the server accepted the connection, if it did.
    opened_at: Option<i64>,
    /// Milliseconds after which the server wants the client back, if it said so.
    retry_after: Option<u32>,
}

impl SocketClient {
    pub fn new(session: Session) -> Self {
        let inner = Inner {
            session,
            status: RwSignal::new(None),
            listeners: Listeners::default(),
            connection: None,
            chat_list_version: None,
            transport: Transport::None,
            is_running: false,
            grace_timer: None,
            grace_elapsed: false,
            awaiting_reply_since: None,
            wake: None,
        };
        Self { inner: StoredValue::new_local(inner) }
    }

    pub fn session(self) -> Session {
        self.inner.with_value(|inner| inner.session)
    }

    pub fn is_open(self) -> bool {
        self.inner.with_value(|inner| inner.transport == Transport::Socket)
    }

    /// The version of the chat list from which on its changes arrive as frames; `None` if some may be lost.
    pub fn chat_list_version(self) -> Option<Uuid> {
        self.inner.with_value(|inner| inner.chat_list_version)
    }

    pub fn subscribe(self, listener: impl Fn(&SocketEvent) + 'static) {
        self.inner.update_value(|inner| inner.listeners.add(listener));
    }

    fn emit(self, event: &SocketEvent) {
        self.inner.with_value(|inner| inner.listeners.clone()).call(event);
    }

    /// Opens the socket if there is none, and keeps it open.
    pub fn start(self) {
        if !self.inner.with_value(|inner| inner.is_running) {
            self.inner.update_value(|inner| inner.is_running = true);
            self.start_grace_timer();
            spawn_local(self.run());
        }
    }

    /// Sends a frame that the server answers; `false` when there is no socket.
    pub fn send_expecting_reply(self, frame: &ClientFrame) -> bool {
        let is_sent = self.send(frame);
        if is_sent {
            self.expect_reply();
        }
        is_sent
    }

    /// Sends a frame that the server need not answer; `false` when there is no socket.
    pub fn send(self, frame: &ClientFrame) -> bool {
        self.inner.with_value(|inner| {
            inner.transport == Transport::Socket && inner.connection.as_ref().is_some_and(|it| it.send(frame))
        })
    }

    /// Sends the current token, before the one that the socket was opened with expires.
    pub fn send_token(self) {
        if let Some(token) = self.session().token() {
            self.send(&ClientFrame::Renew { token });
        }
    }

    /// The network or the tab is back: tries to connect at once, or checks that the open socket still works.
    pub fn wake(self) {
        if self.is_open() {
            // Frames may have been lost while the page slept.
            self.inner.update_value(|inner| inner.chat_list_version = None);
            self.emit(&SocketEvent::Opened);
        } else {
            self.end_delay();
        }
    }

    /// Drops the socket when the browser reports no network: the socket itself would notice much later.
    pub fn drop_connection(self) {
        self.on_close();
    }

    /// Drops the socket after sign-out, so that nothing is sent for the old user.
    pub fn close(self) {
        self.on_close();
        self.end_delay();
    }

    async fn run(self) {
        let poll = Interval::new(POLL_INTERVAL, move || self.poll());
        let mut backoff = Backoff::default();
        while self.session().token().is_some() {
            let end = self.connect().await;
            if let Some(opened_at) = end.opened_at {
                // A connection that ends early keeps the backoff: a server that closes each one is not hammered.
                if clock::now() - opened_at >= i64::from(GRACE) {
                    backoff = Backoff::default();
                }
                self.emit(&SocketEvent::Closed);
            }
            self.delay(end.retry_after.unwrap_or_else(|| next_delay(&mut backoff))).await;
        }
        drop(poll);
        self.set_transport(Transport::None);
        self.inner.update_value(|inner| inner.is_running = false);
    }

    /// Opens a socket and handles its frames until it ends.
    async fn connect(self) -> ConnectionEnd {
        let mut end = ConnectionEnd::default();
        let Ok(ticket) = self.session().send(api::create_ticket()).await else { return end };
        let Some((connection, mut frames)) = SocketConnection::open(&ticket.ticket) else { return end };
        self.inner.update_value(|inner| inner.connection = Some(connection));
        self.expect_reply();
        while let Some(text) = self.next_frame(&mut frames).await {
            self.inner.update_value(|inner| inner.awaiting_reply_since = None);
            match frame_reader::read(&text) {
                Some(ServerFrame::Welcome { chat_list_version, .. }) => {
                    end.opened_at = Some(clock::now());
                    // An older server has no versions.
                    let version = Some(chat_list_version).filter(|version| !version.is_nil());
                    self.inner.update_value(|inner| inner.chat_list_version = version);
                    self.on_open();
                }
                Some(ServerFrame::Goodbye { retry_after, .. }) => {
                    end.retry_after = retry_after.map(milliseconds_until_retry);
                }
                Some(frame) => self.emit(&SocketEvent::Frame(frame)),
                // A frame of a newer server.
                None => {}
            }
        }
        self.on_close();
        end
    }

    /// The next frame; `None` when the socket has ended or its answer is overdue.
    async fn next_frame(self, frames: &mut (impl StreamExt<Item = String> + Unpin)) -> Option<String> {
        loop {
            match select(frames.next(), TimeoutFuture::new(REPLY_TIMEOUT / 4)).await {
                Either::Left((frame, _)) => return frame,
                Either::Right(_) => {
                    let since = self.inner.with_value(|inner| inner.awaiting_reply_since);
                    if since.is_some_and(|since| clock::now() - since >= i64::from(REPLY_TIMEOUT)) {
                        return None;
                    }
                }
            }
        }
    }

    fn on_open(self) {
        self.set_transport(Transport::Socket);
        self.emit(&SocketEvent::Opened);
    }

    fn on_close(self) {
        let before = self.inner.try_update_value(|inner| {
            inner.connection = None;
            inner.chat_list_version = None;
            inner.awaiting_reply_since = None;
            std::mem::take(&mut inner.transport)
        });
        if before == Some(Transport::Socket) {
            self.start_grace_timer();
        }
    }

    fn expect_reply(self) {
        let now = clock::now();
        self.inner.update_value(|inner| {
            inner.awaiting_reply_since.get_or_insert(now);
        });
    }

    fn poll(self) {
        if self.is_open() || document().hidden() {
            return;
        }
        if window().navigator().on_line() {
            self.emit(&SocketEvent::Poll);
        } else {
            self.report_poll(false);
        }
    }

    async fn delay(self, milliseconds: u32) {
        let (wake, woken) = oneshot::channel();
        self.inner.update_value(|inner| inner.wake = Some(wake));
        select(TimeoutFuture::new(milliseconds), woken).await;
    }

    fn end_delay(self) {
        if let Some(wake) = self.inner.try_update_value(|inner| inner.wake.take()).flatten() {
            // The delay may have ended already.
            let _woken = wake.send(());
        }
    }
}

fn milliseconds_until_retry(seconds: u64) -> u32 {
    u32::try_from(seconds.min(RETRY_AFTER_MAX)).unwrap_or_default() * 1_000
}

/// While there is no network, attempts are useless; its return ends the delay.
fn next_delay(backoff: &mut Backoff) -> u32 {
    if window().navigator().on_line() { backoff.next_delay(js_sys::Math::random()) } else { OFFLINE_DELAY }
}
