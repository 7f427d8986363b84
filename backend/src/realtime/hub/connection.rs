//! One open WebSocket of a signed-in user, as the hub sees it: a send queue and the state that the heartbeat checks.

use std::{
    net::IpAddr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::web::Bytes;
use shared::{id::UserId, socket::ServerFrame};
use tokio::{net::TcpStream, sync::Notify};
use uuid::Uuid;

use super::frame;
use crate::{
    clock::Clock,
    realtime::hub::{
        connection_limit::ConnectionPermit,
        send_queue::{FlushResult, SendQueue},
    },
};

/// An open connection. Any thread may queue a frame and flush it; the connection's own task only sends what the peer did
/// not accept at once.
pub struct Connection {
    pub stream: TcpStream,
    permit: ConnectionPermit,
    clock: Clock,
    /// The session (sign-in) that the access token belongs to.
    sid: Mutex<Uuid>,
    send_queue: Mutex<SendQueue>,
    /// Wakes the connection's own task.
    wake: Notify,
    /// Changes were dropped, so the task must read them from the database.
    is_lagging: AtomicBool,
    /// When the client was last heard from, in Unix seconds.
    last_seen: AtomicI64,
    /// When the access token expires, in Unix seconds.
    token_expires_at: AtomicI64,
}

impl Connection {
    pub(super) fn new(
        stream: TcpStream,
        permit: ConnectionPermit,
        sid: Uuid,
        token_expires_at: i64,
        clock: Clock,
    ) -> Self {
        Self {
            stream,
            permit,
            sid: Mutex::new(sid),
            send_queue: Mutex::default(),
            wake: Notify::new(),
            is_lagging: AtomicBool::new(false),
            last_seen: AtomicI64::new(clock.timestamp()),
            token_expires_at: AtomicI64::new(token_expires_at),
            clock,
        }
    }

    pub fn user_id(&self) -> UserId {
        self.permit.user_id()
    }

    pub fn sid(&self) -> Uuid {
        *self.sid.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client's IP address, normalized as the rate limits count it.
    pub fn client_ip(&self) -> IpAddr {
        self.permit.client_ip()
    }

    /// Queues changes. If they do not fit they are dropped, and the task reads them from the database once the queue is
    /// empty.
    pub(super) fn enqueue_droppable(&self, frame: &Bytes) -> EnqueueResult {
        let mut queue = self.lock_queue();
        if queue.push_droppable(frame.clone()) {
            EnqueueResult::Enqueued { must_flush: queue.schedule_flush() }
        } else {
            // Set under the lock, so that the task that empties the queue next sees it.
            self.is_lagging.store(true, Ordering::Release);
            EnqueueResult::Dropped
        }
    }

    /// Queues a frame that may be lost; true if the caller must flush.
    #[must_use]
    pub(super) fn enqueue_ephemeral(&self, frame: &Bytes) -> bool {
        let mut queue = self.lock_queue();
        queue.push_ephemeral(frame.clone());
        queue.schedule_flush()
    }

    /// Queues a frame that must not be lost; true if the caller must flush.
    #[must_use]
    pub(super) fn enqueue_required(&self, frame: Bytes) -> bool {
        let mut queue = self.lock_queue();
        queue.push_required(frame);
        queue.schedule_flush()
    }

    /// Serialises and sends a frame that must not be lost.
    pub fn send_frame(&self, frame: &ServerFrame) {
        if let Some(bytes) = frame::text(frame) {
            self.send(bytes);
        }
    }

    /// Sends a frame that may be lost.
    pub fn send_ephemeral(&self, frame: &Bytes) {
        if self.enqueue_ephemeral(frame) {
            self.flush();
        }
    }

    /// Sends a frame that must not be lost.
    pub fn send(&self, frame: Bytes) {
        if self.enqueue_required(frame) {
            self.flush();
        }
    }

    /// Sends a close frame and wakes the task, which hangs up.
    pub fn close(&self, code: u16, reason: &str) {
        self.lock_queue().push_final(ws_frame::encode_close(code, reason));
        self.flush();
        self.wake.notify_one();
    }

    /// Drops the connection without a close frame.
    pub(super) fn abort(&self) {
        self.lock_queue().discard();
        self.wake.notify_one();
    }

    pub fn flush(&self) {
        let result = {
            let mut queue = self.lock_queue();
            if queue.is_blocked() {
                return;
            }
            queue.flush(&self.stream)
        };
        self.wake_if_needed(result);
    }

    /// Wakes the task if it has to wait for the peer, hang up, or catch up.
    fn wake_if_needed(&self, result: FlushResult) {
        if result != FlushResult::Empty || self.is_lagging.load(Ordering::Acquire) {
            self.wake.notify_one();
        }
    }

    /// Continues to send after the connection was blocked.
    pub fn resume(&self) {
        // A client that accepts data is alive, although its frames are not read while it catches up.
        self.touch();
        let result = self.lock_queue().flush(&self.stream);
        self.wake_if_needed(result);
    }

    pub fn is_blocked(&self) -> bool {
        self.lock_queue().is_blocked()
    }

    pub fn is_broken(&self) -> bool {
        self.lock_queue().is_broken()
    }

    pub fn is_closing(&self) -> bool {
        self.lock_queue().is_closing()
    }

    /// Returns true once after changes were dropped, as soon as the queue is empty.
    pub fn take_lagged(&self) -> bool {
        self.lock_queue().is_empty() && self.is_lagging.swap(false, Ordering::AcqRel)
    }

    /// Makes the task read from the database what it may have missed.
    pub(super) fn mark_lagging(&self) {
        self.is_lagging.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    pub async fn wait_for_wake(&self) {
        self.wake.notified().await;
    }

    /// Records that the client was heard from now.
    pub fn touch(&self) {
        self.last_seen.store(self.clock.timestamp(), Ordering::Relaxed);
    }

    pub fn renew_token(&self, sid: Uuid, token_expires_at: i64) {
        *self.sid.lock().unwrap_or_else(PoisonError::into_inner) = sid;
        self.token_expires_at.store(token_expires_at, Ordering::Relaxed);
    }

    pub(super) fn silent_seconds(&self, now: i64) -> i64 {
        now - self.last_seen.load(Ordering::Relaxed)
    }

    pub(super) fn has_valid_token(&self, now: i64) -> bool {
        now < self.token_expires_at.load(Ordering::Relaxed)
    }

    /// How long the peer has accepted nothing of the queue.
    pub(super) fn write_stalled_for(&self, now: Instant) -> Duration {
        self.lock_queue().blocked_since().map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    fn lock_queue(&self) -> MutexGuard<'_, SendQueue> {
        self.send_queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The result of queueing a droppable frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EnqueueResult {
    /// `must_flush` is true if the caller must flush, false if another thread does.
    Enqueued {
        must_flush: bool,
    },
    Dropped,
}
