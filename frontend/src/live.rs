//! The one socket of this client: it is opened, kept, and replaced when it breaks.

pub mod backoff;
mod frame;
mod socket;

use std::rc::Rc;

use futures_channel::oneshot;
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use gloo_timers::{callback::Interval, future::TimeoutFuture};
use leptos::{prelude::*, task::spawn_local};
use shared::socket::{ClientFrame, ServerFrame};

use self::{backoff::Backoff, socket::Socket};
use crate::{api, clock, session::Session};

/// How often to ask for changes while there is no socket, in milliseconds.
const POLL: u32 = 3_000;
/// Blips shorter than this, in milliseconds, are nobody's business.
const BLIP: i64 = 5_000;
/// A socket that stays silent this long after it was spoken to, in milliseconds, is dead.
const SILENCE: u32 = 10_000;

/// How long to leave the server alone while the browser says that there is no network, in milliseconds.
const OFFLINE: u32 = 30_000;

/// What the chat that is open has to know.
pub enum News {
    /// There is a socket: subscribe, and send what waits.
    Up,
    /// The socket is gone, and with it what was under way.
    Down,
    /// A frame came.
    Frame(ServerFrame),
    /// There is no socket: ask for the changes.
    Poll,
}

/// What a person is told of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The server answers, but there is no socket.
    Polling,
    /// The server does not answer.
    Away,
}

#[derive(Clone, Copy)]
pub struct Live {
    session: Session,
    notice: RwSignal<Option<Notice>>,
    inner: StoredValue<Inner, LocalStorage>,
}

#[derive(Default)]
struct Inner {
    socket: Option<Socket>,
    up: bool,
    running: bool,
    /// Since when there is no socket.
    down_since: i64,
    /// When something was last said that is still without an answer.
    unanswered: Option<i64>,
    /// Ends the wait for the next try.
    wake: Option<oneshot::Sender<()>>,
    listener: Option<Rc<dyn Fn(News)>>,
}

impl Live {
    pub fn new(session: Session) -> Self {
        Self { session, notice: RwSignal::new(None), inner: StoredValue::new_local(Inner::default()) }
    }

    pub fn notice(self) -> Option<Notice> {
        self.notice.get()
    }

    pub fn is_up(self) -> bool {
        self.inner.with_value(|inner| inner.up)
    }

    /// Who hears the news from now on. Opens the socket if there is none.
    pub fn listen(self, listener: impl Fn(News) + 'static) {
        self.inner.update_value(|inner| inner.listener = Some(Rc::new(listener)));
        if !self.inner.with_value(|inner| inner.running) {
            self.inner.update_value(|inner| {
                inner.running = true;
                inner.down_since = clock::now();
            });
            spawn_local(self.run());
        }
    }

    pub fn stop_listening(self) {
        self.inner.update_value(|inner| inner.listener = None);
        self.notice.set(None);
    }

    /// Says a frame that will be answered; `false` when there is no socket.
    pub fn say(self, frame: &ClientFrame) -> bool {
        let said = self.mention(frame);
        if said {
            self.expect_an_answer();
        }
        said
    }

    /// Says a frame that need not be answered.
    pub fn mention(self, frame: &ClientFrame) -> bool {
        self.inner
            .with_value(|inner| inner.up && inner.socket.as_ref().is_some_and(|socket| socket.say(frame)))
    }

    /// Hands over a fresh token before the old one runs out.
    pub fn renew(self) {
        if let Some(token) = self.session.token() {
            self.mention(&ClientFrame::Renew { token });
        }
    }

    /// The network or the tab came back: try at once, and see whether an old socket still lives.
    pub fn wake(self) {
        if self.is_up() {
            self.tell(News::Up);
        } else if let Some(wake) = self.inner.try_update_value(|inner| inner.wake.take()).flatten() {
            // The wait may have just ended by itself.
            let _woken = wake.send(());
        }
    }

    /// The browser lost its network, which a socket would notice only much later.
    pub fn lose(self) {
        self.fall();
    }

    /// Nobody is signed in any more: nobody else may speak in their name.
    pub fn hang_up(self) {
        self.fall();
        if let Some(wake) = self.inner.try_update_value(|inner| inner.wake.take()).flatten() {
            // The wait may have just ended by itself.
            let _woken = wake.send(());
        }
    }

    /// Whether asking for changes succeeded, while there was no socket.
    pub fn polled(self, answered: bool) {
        let away = self.inner.with_value(|inner| !inner.up && clock::now() - inner.down_since >= BLIP);
        let notice = if answered { Notice::Polling } else { Notice::Away };
        let notice = away.then_some(notice);
        if self.notice.get_untracked() != notice {
            self.notice.set(notice);
        }
    }

    async fn run(self) {
        let poll = Interval::new(POLL, move || self.poll());
        let mut backoff = Backoff::default();
        while self.session.token().is_some() {
            let (served, back_in) = self.serve().await;
            if served {
                backoff = Backoff::default();
                self.tell(News::Down);
            }
            self.pause(back_in.unwrap_or_else(|| wait(&mut backoff))).await;
        }
        drop(poll);
        self.inner.update_value(|inner| inner.running = false);
        self.notice.set(None);
    }

    /// Opens a socket and stays with it to its end. Returns whether it was of use, and when to come back if the server
    /// said so.
    async fn serve(self) -> (bool, Option<u32>) {
        let Ok(ticket) = self.session.ask(api::ticket()).await else { return (false, None) };
        let Some((socket, mut events)) = Socket::open(&ticket.ticket) else { return (false, None) };
        self.inner.update_value(|inner| inner.socket = Some(socket));
        self.expect_an_answer();
        let (mut served, mut back_in) = (false, None);
        while let Some(text) = self.next(&mut events).await {
            self.inner.update_value(|inner| inner.unanswered = None);
            match frame::read(&text) {
                Some(ServerFrame::Welcome { .. }) => {
                    served = true;
                    self.rise();
                }
                Some(ServerFrame::Goodbye { retry_after, .. }) => {
                    back_in = retry_after.map(|s| u32::try_from(s).unwrap_or(30).min(30) * 1_000);
                }
                Some(frame) => self.tell(News::Frame(frame)),
                // A frame from a newer server says nothing to us.
                None => {}
            }
        }
        self.fall();
        (served, back_in)
    }

    /// The next frame; nothing when the socket ended or was silent for too long.
    async fn next(self, events: &mut (impl StreamExt<Item = String> + Unpin)) -> Option<String> {
        loop {
            match select(events.next(), TimeoutFuture::new(SILENCE / 4)).await {
                Either::Left((event, _)) => return event,
                Either::Right(_) => {
                    let since = self.inner.with_value(|inner| inner.unanswered);
                    if since.is_some_and(|since| clock::now() - since >= i64::from(SILENCE)) {
                        return None;
                    }
                }
            }
        }
    }

    fn rise(self) {
        self.inner.update_value(|inner| inner.up = true);
        self.notice.set(None);
        self.tell(News::Up);
    }

    fn fall(self) {
        let now = clock::now();
        self.inner.update_value(|inner| {
            inner.socket = None;
            inner.unanswered = None;
            if std::mem::take(&mut inner.up) {
                inner.down_since = now;
            }
        });
    }

    fn expect_an_answer(self) {
        let now = clock::now();
        self.inner.update_value(|inner| {
            inner.unanswered.get_or_insert(now);
        });
    }

    fn poll(self) {
        if self.is_up() || document().hidden() {
            return;
        }
        if window().navigator().on_line() {
            self.tell(News::Poll);
        } else {
            self.polled(false);
        }
    }

    async fn pause(self, milliseconds: u32) {
        let (wake, woken) = oneshot::channel();
        self.inner.update_value(|inner| inner.wake = Some(wake));
        select(TimeoutFuture::new(milliseconds), woken).await;
    }

    fn tell(self, news: News) {
        // Cloned, so that the listener may speak while it listens.
        if let Some(listener) = self.inner.with_value(|inner| inner.listener.clone()) {
            listener(news);
        }
    }
}

/// Without a network there is nothing to try; its return ends the wait.
fn wait(backoff: &mut Backoff) -> u32 {
    if window().navigator().on_line() { backoff.next(js_sys::Math::random()) } else { OFFLINE }
}
