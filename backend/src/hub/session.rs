//! One live socket of one signed-in client, as the rest of the server sees it: somewhere to put what it shall hear.

use std::{
    net::IpAddr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::web::Bytes;
use chrono::Utc;
use shared::socket::ServerFrame;
use tokio::{net::TcpStream, sync::Notify};
use uuid::Uuid;

use super::{
    frame,
    outgoing::{Flushed, Outgoing},
    seats::Seat,
};

/// A session. Whoever has something to tell puts it in and flushes it, from any thread; only what the connection does
/// not take at once is left to the session's own task.
pub struct Session {
    pub stream: TcpStream,
    seat: Seat,
    /// What a sign-in began, as the token names it.
    sid: Mutex<Uuid>,
    outgoing: Mutex<Outgoing>,
    /// Wakes the session's own task: something is left to be done.
    wake: Notify,
    /// News was left out.
    behind: AtomicBool,
    /// When the client was heard last, and until when its token is good: in seconds since 1970.
    heard: AtomicI64,
    token_ends: AtomicI64,
}

impl Session {
    pub(super) fn new(stream: TcpStream, seat: Seat, (sid, token_ends): (Uuid, i64), now: i64) -> Self {
        Self {
            stream,
            seat,
            sid: Mutex::new(sid),
            outgoing: Mutex::default(),
            wake: Notify::new(),
            behind: AtomicBool::new(false),
            heard: AtomicI64::new(now),
            token_ends: AtomicI64::new(token_ends),
        }
    }

    pub fn user_id(&self) -> i64 {
        self.seat.user_id
    }

    pub fn sid(&self) -> Uuid {
        *self.sid.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the client is, as far as limits count it.
    pub fn address(&self) -> IpAddr {
        self.seat.address
    }

    /// Queues news. What does not fit is left out; the session will read it from the database once it has sent what
    /// waits.
    pub(super) fn put_news(&self, news: &Bytes) -> Put {
        let mut outgoing = self.outgoing();
        if outgoing.news(news.clone()) {
            Put::In { flush: outgoing.promise() }
        } else {
            // Under the lock: whoever empties the queue after this must see it.
            self.behind.store(true, Ordering::Release);
            Put::LeftOut
        }
    }

    /// Queues what may as well be lost; true if the caller is the one to flush it.
    #[must_use]
    pub(super) fn put_passing(&self, frame: &Bytes) -> bool {
        let mut outgoing = self.outgoing();
        outgoing.passing(frame.clone());
        outgoing.promise()
    }

    /// Queues an answer; true if the caller is the one to flush it.
    #[must_use]
    pub(super) fn put_answer(&self, answer: Bytes) -> bool {
        let mut outgoing = self.outgoing();
        outgoing.answer(answer);
        outgoing.promise()
    }

    /// Sends an answer at once.
    pub fn answer(&self, told: &ServerFrame) {
        if let Some(bytes) = frame::text(told) {
            self.send(bytes);
        }
    }

    /// Sends what may as well be lost.
    pub fn send_passing(&self, frame: &Bytes) {
        if self.put_passing(frame) {
            self.flush();
        }
    }

    pub fn send(&self, frame: Bytes) {
        if self.put_answer(frame) {
            self.flush();
        }
    }

    /// Says why, closes, and sees to it that the session's task hangs up.
    pub fn end(&self, code: u16, reason: &str) {
        self.outgoing().last(frame::close(code, reason));
        self.flush();
        self.wake.notify_one();
    }

    /// Hangs up without a word.
    pub(super) fn cut_off(&self) {
        self.outgoing().give_up();
        self.wake.notify_one();
    }

    pub fn flush(&self) {
        let flushed = {
            let mut outgoing = self.outgoing();
            if outgoing.is_blocked() {
                return;
            }
            outgoing.flush(&self.stream)
        };
        self.wake_after(flushed);
    }

    /// There is more to do than to flush: to wait, to hang up, or to catch up.
    fn wake_after(&self, flushed: Flushed) {
        if flushed != Flushed::All || self.behind.load(Ordering::Acquire) {
            self.wake.notify_one();
        }
    }

    /// Goes on where the connection was blocked.
    pub fn resume(&self) {
        // Whoever takes what is sent is there, though nobody reads what they say while they catch up.
        self.is_heard(Utc::now().timestamp());
        let flushed = self.outgoing().flush(&self.stream);
        self.wake_after(flushed);
    }

    pub fn is_blocked(&self) -> bool {
        self.outgoing().is_blocked()
    }

    pub fn is_broken(&self) -> bool {
        self.outgoing().is_broken()
    }

    pub fn is_ended(&self) -> bool {
        self.outgoing().is_ended()
    }

    /// Whether all that was said has left.
    pub fn is_flushed(&self) -> bool {
        self.outgoing().is_empty()
    }

    /// True once after news was left out, as soon as there is room again.
    pub fn shall_catch_up(&self) -> bool {
        self.is_flushed() && self.behind.swap(false, Ordering::AcqRel)
    }

    /// Has the session read what it may have missed.
    pub(super) fn fall_behind(&self) {
        self.behind.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Waits until somebody wants something of the session's task.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    pub fn is_heard(&self, now: i64) {
        self.heard.store(now, Ordering::Relaxed);
    }

    pub fn renew(&self, sid: Uuid, token_ends: i64) {
        *self.sid.lock().unwrap_or_else(PoisonError::into_inner) = sid;
        self.token_ends.store(token_ends, Ordering::Relaxed);
    }

    pub(super) fn silent_for(&self, now: i64) -> i64 {
        now - self.heard.load(Ordering::Relaxed)
    }

    pub(super) fn has_token(&self, now: i64) -> bool {
        now < self.token_ends.load(Ordering::Relaxed)
    }

    /// How long the connection has taken nothing of what waits.
    pub(super) fn stuck_for(&self, now: Instant) -> Duration {
        self.outgoing().blocked_since().map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    fn outgoing(&self) -> MutexGuard<'_, Outgoing> {
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It waits; whoever put it in is the one to flush, or somebody else is.
    In {
        flush: bool,
    },
    LeftOut,
}
