//! Read positions from sockets: collected in memory and stored once a second in one statement. A reader of the
//! positions flushes them first. A crash loses the last second.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use shared::{
    chat_list::MemberReadPosition,
    id::{ChatId, Seq, UserId},
};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::{
    realtime::hub::Hub,
    store::{
        Db, StoreError,
        read_positions::{self, ReadPosition},
    },
};

const INTERVAL: Duration = Duration::from_secs(1);
const FLUSH_TIMEOUT: Duration = Duration::from_secs(3);

/// Stores the collected positions until it is dropped.
pub async fn run(buffer: &Arc<ReadReceiptBuffer>) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        buffer.flush(|_| true).await;
    }
}

pub struct ReadReceiptBuffer {
    db: Db,
    hub: Arc<Hub>,
    pending: PendingPositions,
    /// Held during a flush: a concurrent flush waits for its end.
    flushing: tokio::sync::Mutex<()>,
}

impl ReadReceiptBuffer {
    pub fn new(db: Db, hub: Arc<Hub>) -> Self {
        Self { db, hub, pending: PendingPositions::default(), flushing: tokio::sync::Mutex::default() }
    }

    /// Records a position; false if it does not advance.
    pub fn record(&self, position: ReadPosition) -> bool {
        self.pending.record(position)
    }

    /// Stores all positions if any of them is `wanted`. Those that cannot be stored now stay. Completes even if the
    /// caller is dropped: an abandoned statement would block the next one on its rows.
    pub async fn flush(self: &Arc<Self>, wanted: impl Fn(&ReadPosition) -> bool) {
        if self.pending.list().iter().any(wanted) {
            let buffer = Arc::clone(self);
            let _ = tokio::spawn(async move { buffer.flush_all().await }).await;
        }
    }

    async fn flush_all(&self) {
        let _guard = self.flushing.lock().await;
        let positions = self.pending.list();
        if positions.is_empty() {
            return;
        }
        match timeout(FLUSH_TIMEOUT, self.store(positions)).await {
            Ok(Ok(())) => {}
            Ok(Err(StoreError::Internal(error))) => {
                tracing::error!(error = format!("{error:#}"), "cannot store read positions");
            }
            Ok(Err(_)) | Err(_) => tracing::warn!("read positions wait for the database"),
        }
    }

    async fn store(&self, mut positions: Vec<ReadPosition>) -> Result<(), StoreError> {
        let result = read_positions::advance_all(&mut *self.db.get().await?, &positions).await?;
        for ReadPosition { chat_id, user_id, seq } in result.advanced {
            self.hub.queue_read_position(chat_id, MemberReadPosition { user_id, seq });
        }
        positions.retain(|position| !result.locked.contains(position));
        self.pending.remove(&positions);
        Ok(())
    }
}

/// Positions that are not stored yet.
#[derive(Default)]
struct PendingPositions(Mutex<HashMap<(ChatId, UserId), Seq>>);

impl PendingPositions {
    fn record(&self, ReadPosition { chat_id, user_id, seq }: ReadPosition) -> bool {
        let mut positions = self.lock();
        let current = positions.entry((chat_id, user_id)).or_default();
        let is_advance = *current < seq;
        *current = seq.max(*current);
        is_advance
    }

    fn list(&self) -> Vec<ReadPosition> {
        let position =
            |(&(chat_id, user_id), &seq): (&(ChatId, UserId), &Seq)| ReadPosition { chat_id, user_id, seq };
        self.lock().iter().map(position).collect()
    }

    fn remove(&self, stored: &[ReadPosition]) {
        let mut positions = self.lock();
        for ReadPosition { chat_id, user_id, seq } in stored {
            let key = (*chat_id, *user_id);
            // The position may have advanced meanwhile.
            if positions.get(&key) == Some(seq) {
                positions.remove(&key);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(ChatId, UserId), Seq>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(seq: i64) -> ReadPosition {
        ReadPosition { chat_id: ChatId::new(1), user_id: UserId::new(2), seq: Seq::new(seq) }
    }

    #[test]
    fn read_position_never_goes_back() {
        let pending = PendingPositions::default();
        assert!(pending.record(position(5)));
        assert!(!pending.record(position(4)) && !pending.record(position(5)));
        assert_eq!(pending.list(), [position(5)]);
    }

    #[test]
    fn position_advanced_during_flush_stays_pending() {
        let pending = PendingPositions::default();
        pending.record(position(5));
        let stored = pending.list();
        pending.record(position(6));
        pending.remove(&stored);
        assert_eq!(pending.list(), [position(6)]);
        pending.remove(&[position(6)]);
        assert!(pending.list().is_empty());
    }
}
