//! What the shards and the slow path share.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{realtime::hub::Hub, store::Db};

/// Chats stored by the slow path at the same time, over all shards.
const SLOW_PATH_MAX: usize = 8;
/// How long the fast path waits for a lock before the chats take the slow path.
const LOCK_TIMEOUT: Duration = Duration::from_millis(100);

/// What the shards and their slow-path tasks share.
pub struct IngestContext {
    /// Connections with a short lock timeout. They belong to the ingest alone, so that readers do not delay it.
    pub fast_db: Db,
    /// Connections that wait for locks.
    pub slow_db: Db,
    pub hub: Arc<Hub>,
    pub epoch: Uuid,
    /// Limits the chats that the slow path stores at the same time.
    pub slow_path_slots: Semaphore,
}

impl IngestContext {
    pub fn new(database_url: &str, shards: usize, hub: Arc<Hub>, epoch: Uuid) -> anyhow::Result<Self> {
        let fast_db = Db::with_lock_timeout(database_url, shards, LOCK_TIMEOUT)?;
        let slow_db = Db::new(database_url, SLOW_PATH_MAX)?;
        Ok(Self { fast_db, slow_db, hub, epoch, slow_path_slots: Semaphore::new(SLOW_PATH_MAX) })
    }
}
