//! The one socket of this client: it is opened, kept, and replaced when it breaks.

pub mod backoff;
mod frame;
pub mod notice;
mod socket;

use std::rc::Rc;

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

use self::{
    backoff::Backoff,
    notice::{BLIP, Notice},
    socket::Socket,
};
use crate::{api, clock, session::Session};

/// How often to ask for changes while there is no socket, in milliseconds.
const POLL: u32 = 3_000;
/// A socket that stays silent this long after it was spoken to, in milliseconds, is dead.
const SILENCE: u32 = 10_000;
/// How long to leave the server alone while the browser says that there is no network, in milliseconds.
const OFFLINE: u32 = 30_000;

/// What the rest of the client has to know.
#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(clippy::large_enum_variant, reason = "small where it runs, and never kept")
)]
pub enum News {
    /// There is a socket: subscribe, and send what waits.
    Up,
    /// The socket is gone, and with it what was under way.
    Down,
    /// A frame came, or what would have been one.
    Frame(ServerFrame),
    /// There is no socket: ask for the changes.
    Poll,
}

/// How the server is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    #[default]
    None,
    Requests,
    Socket,
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
    way: Way,
    running: bool,
    /// Runs while there is no socket, until that is more than a blip.
    blip: Option<Timeout>,
    /// Whether it is more than a blip.
    away: bool,
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

    pub fn is_up(self) -> bool {
        self.inner.with_value(|inner| inner.way == Way::Socket)
    }

    /// Who hears the news.
    pub fn tell_to(self, listener: impl Fn(News) + 'static) {
        self.inner.update_value(|inner| inner.listener = Some(Rc::new(listener)));
    }

    /// Opens the socket if there is none, and keeps it.
    pub fn start(self) {
        if !self.inner.with_value(|inner| inner.running) {
            self.inner.update_value(|inner| inner.running = true);
            self.count_the_blip();
            spawn_local(self.run());
        }
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
        self.inner.with_value(|inner| {
            inner.way == Way::Socket && inner.socket.as_ref().is_some_and(|it| it.say(frame))
        })
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

    async fn run(self) {
        let poll = Interval::new(POLL, move || self.poll());
        let mut backoff = Backoff::default();
        while self.session.token().is_some() {
            let (served, back_in) = self.serve().await;
            if let Some(since) = served {
                // A server that lets everyone in and drops them at once is not asked ever more often.
                if clock::now() - since >= i64::from(BLIP) {
                    backoff = Backoff::default();
                }
                self.tell(News::Down);
            }
            self.pause(back_in.unwrap_or_else(|| wait(&mut backoff))).await;
        }
        drop(poll);
        self.settle(Way::None);
        self.inner.update_value(|inner| inner.running = false);
    }

    /// Opens a socket and stays with it to its end. Returns since when it was of use if it was, and when to come back if
    /// the server said so.
    async fn serve(self) -> (Option<i64>, Option<u32>) {
        let Ok(ticket) = self.session.ask(api::ticket()).await else { return (None, None) };
        let Some((socket, mut events)) = Socket::open(&ticket.ticket) else { return (None, None) };
        self.inner.update_value(|inner| inner.socket = Some(socket));
        self.expect_an_answer();
        let (mut served, mut back_in) = (None, None);
        while let Some(text) = self.next(&mut events).await {
            self.inner.update_value(|inner| inner.unanswered = None);
            match frame::read(&text) {
                Some(ServerFrame::Welcome { .. }) => {
                    served = Some(clock::now());
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
        self.settle(Way::Socket);
        self.tell(News::Up);
    }

    fn fall(self) {
        let fell = self.inner.try_update_value(|inner| {
            inner.socket = None;
            inner.unanswered = None;
            std::mem::take(&mut inner.way)
        });
        if fell == Some(Way::Socket) {
            self.count_the_blip();
        }
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

    pub fn tell(self, news: News) {
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
