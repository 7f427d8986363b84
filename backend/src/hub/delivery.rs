//! A round of deliveries: everything is queued first, then every connection is written to once.

use std::{mem, sync::Arc};

use actix_web::web::Bytes;
use tokio::task::yield_now;

use super::session::Session;

/// After so many writes, others get their turn: each takes a few microseconds.
const WRITES_AT_ONCE: usize = 128;

/// The sessions that are to be flushed.
#[derive(Default)]
pub struct Delivery {
    sessions: Vec<Arc<Session>>,
}

impl Delivery {
    pub(super) fn add(&mut self, session: &Arc<Session>) {
        self.sessions.push(Arc::clone(session));
    }

    /// Queues what may as well be lost.
    pub(super) fn passing(&mut self, session: &Arc<Session>, frame: &Bytes) {
        if session.put_passing(frame) {
            self.add(session);
        }
    }

    /// Queues an answer beside the news, so that both leave in one write.
    pub fn answer(&mut self, session: &Arc<Session>, answer: Bytes) {
        if session.put_answer(answer) {
            self.add(session);
        }
    }

    /// Writes to every connection once.
    pub async fn flush(&mut self) {
        for (place, session) in mem::take(&mut self.sessions).into_iter().enumerate() {
            session.flush();
            if place % WRITES_AT_ONCE == WRITES_AT_ONCE - 1 {
                yield_now().await;
            }
        }
    }
}

impl Drop for Delivery {
    /// Whoever queued has promised to flush.
    fn drop(&mut self) {
        for session in mem::take(&mut self.sessions) {
            session.flush();
        }
    }
}
