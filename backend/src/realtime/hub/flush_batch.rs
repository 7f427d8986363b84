//! Frames are queued for all receivers first; then each connection is written to once.

use std::{mem, sync::Arc};

use actix_web::web::Bytes;
use tokio::task::yield_now;

use crate::realtime::hub::connection::Connection;

/// Yields to other tasks after this many writes; each takes a few microseconds.
const WRITES_PER_YIELD: usize = 128;

/// The connections to be flushed.
#[derive(Default)]
pub struct FlushBatch {
    connections: Vec<Arc<Connection>>,
}

impl FlushBatch {
    pub(super) fn add(&mut self, connection: &Arc<Connection>) {
        self.connections.push(Arc::clone(connection));
    }

    /// Queues a frame that may be lost.
    pub(super) fn push_ephemeral(&mut self, connection: &Arc<Connection>, frame: &Bytes) {
        if connection.enqueue_ephemeral(frame) {
            self.add(connection);
        }
    }

    /// Queues a frame that must not be lost.
    pub fn push_required(&mut self, connection: &Arc<Connection>, frame: Bytes) {
        if connection.enqueue_required(frame) {
            self.add(connection);
        }
    }

    /// Flushes every connection once.
    pub async fn flush(&mut self) {
        for (index, connection) in mem::take(&mut self.connections).into_iter().enumerate() {
            connection.flush();
            if index % WRITES_PER_YIELD == WRITES_PER_YIELD - 1 {
                yield_now().await;
            }
        }
    }
}

impl Drop for FlushBatch {
    /// Flushes what is left, because the batch has scheduled those flushes.
    fn drop(&mut self) {
        for connection in mem::take(&mut self.connections) {
            connection.flush();
        }
    }
}
