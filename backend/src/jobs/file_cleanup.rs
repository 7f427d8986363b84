//! Deletes the files of deleted messages, those that were not posted within a day, and what failed uploads left in the storage.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use crate::{
    error::ApiError,
    file_storage::FileStorage,
    store::{
        Db,
        stored_files::{self, BATCH_SIZE},
    },
};

const INTERVAL: Duration = Duration::from_secs(30);
/// How many batches of files one run deletes.
const BATCHES_MAX: usize = 100;

/// Runs until it is dropped.
pub async fn run(db: &Db, storage: &FileStorage) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = run_once(db, storage).await {
            tracing::warn!(%error, "cannot delete unused files");
        }
    }
}

/// A bounded amount of work. Several servers may do it at once: to delete an object twice does no harm.
pub async fn run_once(db: &Db, storage: &FileStorage) -> Result<(), ApiError> {
    for _ in 0..BATCHES_MAX {
        if !is_full_batch(stored_files::release_unused(&mut *db.get().await?).await?) {
            break;
        }
    }
    for _ in 0..BATCHES_MAX {
        let keys = stored_files::list_deletable(&mut *db.get().await?).await?;
        if !delete_objects(db, storage, &keys).await? || !is_full_batch(keys.len()) {
            break;
        }
    }
    Ok(())
}

/// False if one could not be deleted. Then the storage may be unavailable, and the others wait for the next run.
async fn delete_objects(db: &Db, storage: &FileStorage, keys: &[Uuid]) -> Result<bool, ApiError> {
    let mut deleted = Vec::new();
    let mut failed = None;
    for key in keys {
        if let Err(error) = storage.delete(*key).await {
            tracing::warn!(%error, "cannot delete a file from the storage");
            failed = Some(*key);
            break;
        }
        deleted.push(*key);
    }
    let mut connection = db.get().await?;
    stored_files::delete_unowned(&mut connection, &deleted).await?;
    if let Some(key) = failed {
        stored_files::postpone_deletion(&mut connection, key).await?;
    }
    Ok(failed.is_none())
}

fn is_full_batch(rows: usize) -> bool {
    i64::try_from(rows).is_ok_and(|rows| rows == BATCH_SIZE)
}
