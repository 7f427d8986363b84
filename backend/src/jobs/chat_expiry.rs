//! Deletes expired chats and expired messages.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    chat::retention::expire_messages,
    chat_commands::ChatCommands,
    error::ApiError,
    store::{Db, retention},
};

const INTERVAL: Duration = Duration::from_mins(1);
/// How many batches of expired messages one run deletes.
const BATCHES_MAX: usize = 200;

/// Runs until it is dropped.
pub async fn run(db: &Db, chats: &Arc<ChatCommands>) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        log_failure("cannot complete a run of chat expiry", run_once(db, chats).await);
    }
}

/// A bounded amount of work. Chats that fail are retried in the next run.
pub async fn run_once(db: &Db, chats: &Arc<ChatCommands>) -> Result<(), ApiError> {
    for chat_id in retention::list_expired_chats(&mut *db.get().await?).await? {
        log_failure("cannot delete an expired chat", chats.delete_chat(chat_id, None).await);
    }
    for chat_id in retention::list_chats_past_retention(&mut *db.get().await?).await? {
        let expired =
            chats.run_transaction(None, chat_id, |transaction| expire_messages(transaction).boxed());
        log_failure("cannot expire messages", expired.await);
    }
    for _ in 0..BATCHES_MAX {
        if !retention::delete_expired_messages(&mut *db.get().await?).await? {
            break;
        }
    }
    for chat_id in retention::list_unpurged_chats(&mut *db.get().await?).await? {
        log_failure("cannot purge a deleted chat", retention::purge(&mut *db.get().await?, chat_id).await);
    }
    Ok(())
}

fn log_failure<E: fmt::Display>(message: &str, result: Result<(), E>) {
    if let Err(error) = result {
        tracing::warn!(%error, "{message}");
    }
}
