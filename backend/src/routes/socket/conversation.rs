//! One socket: its own task. It reads what the client says; what the client is told, others put into its session.

use std::{cell::RefCell, io, ops::ControlFlow, sync::Arc, time::Duration};

use actix_web::rt::net::TcpStream;
use chrono::Utc;
use rustix::net::{Shutdown, shutdown};
use shared::{
    problem::ProblemCode,
    socket::{ServerFrame, close},
};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};
use uuid::Uuid;

use super::frames::{Fault, Frames, Incoming};
use crate::{
    app::App,
    auth::{keys::Claims, signed_in::check_session},
    hub::{frame::pong, pulse::HEARTBEAT, seats::Seat, session::Session},
    limits::FrameLimit,
};

/// How long a closed socket may take to send the rest, and then its peer to hang up.
const FLUSHED_WITHIN: Duration = Duration::from_secs(5);
const HANGS_UP_WITHIN: Duration = Duration::from_secs(1);
/// How many frames beyond the limit are refused before the socket is closed.
const TOO_MANY_MAX: u32 = 200;

thread_local! {
    /// Where bytes come in, for all sockets of a thread: an idle one has no buffer of its own.
    static ARRIVING: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]);
}

/// Goes on, or has ended.
pub type Turn = ControlFlow<()>;

/// A chat that is listened to.
pub struct Subscription {
    pub chat_id: i64,
    /// The address by which the client spoke of it last.
    pub uri: String,
    /// When the others were told last that this client's user is writing.
    pub typed: Option<Instant>,
    /// How far this client said that it has read.
    pub read: i64,
    /// It is listened to also while the client does not have it open.
    pub followed: bool,
}

pub struct Conversation {
    pub app: Arc<App>,
    pub id: Uuid,
    pub session: Arc<Session>,
    pub chats: Vec<Subscription>,
    frames: Frames,
    limit: Option<FrameLimit>,
    /// How many frames were beyond the limit, less those that were not: a steady flood lets some through.
    too_many: u32,
    /// Lets the hub know when the last socket is gone.
    _open: watch::Receiver<()>,
}

impl Conversation {
    pub fn open(app: Arc<App>, stream: TcpStream, seat: Seat, claims: &Claims, early: &[u8]) -> Self {
        let (id, session) = app.hub.open(stream, seat, claims.sid, claims.exp);
        session.answer(&ServerFrame::Welcome { session: id, heartbeat: HEARTBEAT });
        let (open, limit) = (app.hub.hold_open(), app.limits.of_frames());
        let mut frames = Frames::up_to(app.config.limits.limit_frame.0);
        frames.push(early);
        Self { app, id, session, chats: Vec::new(), frames, limit, too_many: 0, _open: open }
    }

    pub async fn run(mut self) {
        let mut turn = Box::pin(self.check_session()).await;
        if turn.is_continue() {
            turn = self.hear().await;
        }
        while turn.is_continue() {
            turn = self.turn().await;
        }
        self.leave();
        hang_up(&self.session).await;
    }

    /// To be done after the hub knows which session the socket belongs to: from then on it is told of the end of that,
    /// which may have come just before.
    pub async fn check_session(&self) -> Turn {
        let checked = check_session(&self.app, self.session.sid(), self.session.user_id()).await;
        match checked.map_err(|error| error.problem().code) {
            Err(ProblemCode::SessionEnded) => self.end(close::TOKEN_ENDED, "the session ended"),
            _ => Turn::Continue(()),
        }
    }

    async fn turn(&mut self) -> Turn {
        let session = &self.session;
        tokio::select! {
            readable = session.stream.readable() => {
                readable.map_or(Turn::Break(()), |()| self.arrive())?;
                self.hear().await?;
            }
            writable = session.stream.writable(), if session.is_blocked() => self.resume(&writable)?,
            () = session.woken() => {}
        }
        if self.session.is_ended() || self.session.is_broken() {
            return Turn::Break(());
        }
        // More may be left out while this goes on, and nobody wakes us for that.
        while self.session.shall_catch_up() {
            Box::pin(self.catch_up_everywhere()).await?;
        }
        Turn::Continue(())
    }

    /// Goes on sending where the connection was blocked.
    pub fn resume(&self, writable: &io::Result<()>) -> Turn {
        if writable.is_err() {
            return Turn::Break(());
        }
        self.session.resume();
        Turn::Continue(())
    }

    /// Takes in what has arrived.
    fn arrive(&mut self) -> Turn {
        ARRIVING.with_borrow_mut(|arriving| match self.session.stream.try_read(arriving) {
            Ok(0) => Turn::Break(()),
            Ok(length) => {
                self.session.is_heard(Utc::now().timestamp());
                self.frames.push(arriving.get(..length).unwrap_or_default());
                Turn::Continue(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Turn::Continue(()),
            Err(_) => Turn::Break(()),
        })
    }

    /// Does what the frames say that have arrived whole.
    async fn hear(&mut self) -> Turn {
        loop {
            let said = match self.frames.next() {
                Ok(None) => break,
                Ok(Some(Incoming::Text(text))) => Some(serde_json::from_slice(text)),
                Ok(Some(Incoming::Ping(echo))) => {
                    // A client that does not read its pongs need not have them all.
                    self.session.send_passing(&pong(echo));
                    None
                }
                Ok(Some(Incoming::Part | Incoming::Pong)) => None,
                Ok(Some(Incoming::Close)) => return self.end(close::NORMAL, ""),
                Err(Fault::TooBig) => return self.end(close::TOO_BIG, "a frame is too big"),
                Err(Fault::Broken(why)) => return self.end(close::MISBEHAVED, why),
            };
            let over = self.limit.as_ref().and_then(|limit| limit.count().err());
            self.too_many = if over.is_some() { self.too_many + 1 } else { self.too_many.saturating_sub(1) };
            if self.too_many > TOO_MANY_MAX {
                return self.end(close::MISBEHAVED, "too many frames");
            }
            match (said, over) {
                (None, _) => {}
                (Some(Ok(said)), None) => self.act(said).await?,
                (Some(Ok(said)), Some(over)) => self.refuse_frame(said, &over),
                (Some(Err(error)), _) => self.refuse_malformed(&error),
            }
        }
        self.frames.tidy();
        Turn::Continue(())
    }

    pub fn end(&self, code: u16, reason: &str) -> Turn {
        self.session.end(code, reason);
        Turn::Break(())
    }

    /// Listens to nothing any more.
    fn leave(&mut self) {
        for Subscription { chat_id, .. } in self.chats.drain(..) {
            self.app.hub.unsubscribe(chat_id, self.id);
        }
        self.app.hub.forget(self.session.user_id(), self.id);
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Lets the last frames leave and the peer hang up first; one that does neither is hung up on.
async fn hang_up(session: &Session) {
    let until = Instant::now() + FLUSHED_WITHIN;
    while session.is_blocked() {
        match timeout_at(until, session.stream.writable()).await {
            // What is ready at once never comes to the bound of the wait.
            Ok(Ok(())) if Instant::now() < until => session.resume(),
            _ => return,
        }
    }
    // What the peer sends on is thrown away: hanging up on unread bytes would take back the last frames.
    if session.is_broken() || shutdown(&session.stream, Shutdown::Write).is_err() {
        return;
    }
    let until = Instant::now() + HANGS_UP_WITHIN;
    while Instant::now() < until && matches!(timeout_at(until, session.stream.readable()).await, Ok(Ok(()))) {
        match ARRIVING.with_borrow_mut(|arriving| session.stream.try_read(arriving)) {
            Ok(1..) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(_) | Err(_) => return,
        }
    }
}
