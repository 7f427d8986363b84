//! Removes inactive guests, expired sessions, spent refresh tokens, password resets and export files.

use std::time::Duration;

use shared::id::UserId;
use tokio::time::{Instant, interval_at};

use super::account_removal::AccountRemoval;
use crate::{
    error::ApiError,
    store::{Db, guests, password_resets, refresh_tokens, sessions},
};

const INTERVAL: Duration = Duration::from_mins(10);
/// How many guests one run removes.
const GUESTS_MAX: i64 = 100;

/// Runs until it is dropped.
pub async fn run(removal: &AccountRemoval) {
    // The first run is delayed: at start the server is busy.
    let mut ticks = interval_at(Instant::now() + INTERVAL, INTERVAL);
    loop {
        ticks.tick().await;
        match run_once(removal).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "removed inactive guests"),
            Err(error) => tracing::warn!(%error, "cannot remove inactive guests"),
        }
        for (task, result) in [
            ("delete expired sessions, tokens and password resets", delete_expired(&removal.db).await),
            ("reassign chats without an owner", removal.reassign_ownerless_chats().await),
            ("delete expired exports", removal.exporter.run_once().await),
        ] {
            if let Err(error) = result {
                tracing::warn!(%error, "cannot {task}");
            }
        }
    }
}

/// Deletes a bounded number of expired sessions and spent refresh tokens, and expired password resets.
pub async fn delete_expired(db: &Db) -> Result<(), ApiError> {
    let mut connection = db.get().await?;
    sessions::delete_expired(&mut connection).await?;
    refresh_tokens::delete_spent(&mut connection).await?;
    Ok(password_resets::delete_expired(&mut connection).await?)
}

/// Removes at most [`GUESTS_MAX`] inactive guests; returns how many. Failures are retried in the next run.
pub async fn run_once(removal: &AccountRemoval) -> Result<usize, ApiError> {
    let inactive = guests::list_inactive(&mut *removal.db.get().await?, GUESTS_MAX).await?;
    let mut removed = 0;
    for guest_id in inactive {
        match remove(removal, guest_id).await {
            Ok(is_removed) => removed += usize::from(is_removed),
            Err(error) => tracing::warn!(%error, "cannot remove an inactive guest"),
        }
    }
    Ok(removed)
}

/// False if the guest has become active again.
async fn remove(removal: &AccountRemoval, guest_id: UserId) -> Result<bool, ApiError> {
    let left = guests::remove(&mut *removal.db.get().await?, guest_id).await?;
    let Some(left) = left else { return Ok(false) };
    removal.finish(guest_id, left).await;
    Ok(true)
}
