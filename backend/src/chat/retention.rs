//! Deletion and expiry of chats, and expiry of messages.

use chrono::Utc;
use shared::{
    event::Event,
    id::{ChatId, Seq, UserId},
    member::Role,
    problem::ProblemCode,
};

use super::{pins, transaction::ChatTransaction};
use crate::{
    error::ApiError,
    store::{Db, StoreError, chats, data_exports, retention},
};

/// Deletes the chat for its owner, or without an actor because it has expired.
pub async fn delete_chat(
    transaction: &mut ChatTransaction<'_>,
    actor_id: Option<UserId>,
) -> Result<(), ApiError> {
    match actor_id {
        Some(actor_id) => drop(transaction.require_role(actor_id, Role::Owner).await?),
        // The owner may have extended it meanwhile.
        None if transaction.chat.expires_at.is_none_or(|at| at > Utc::now()) => {
            return Err(ProblemCode::Conflict.into());
        }
        None => {}
    }
    chats::mark_deleted(transaction.connection, transaction.chat.id).await?;
    data_exports::delete_for_chat(transaction.connection, transaction.chat.id).await?;
    transaction.append_audit(actor_id, &Event::Deleted).await
}

/// Expires the messages that are past the chat's retention period, up to the first that is not. They are invisible at
/// once; their rows are deleted later.
pub async fn expire_messages(transaction: &mut ChatTransaction<'_>) -> Result<(), ApiError> {
    let chat_id = transaction.chat.id;
    let last = retention::find_last_expired_seq(transaction.connection, chat_id).await?;
    let Some(last) = last else { return Ok(()) };
    chats::set_first_retained_seq(transaction.connection, chat_id, Seq::new(last.get() + 1)).await?;
    transaction.bump_settings_revision().await?;
    pins::remove_gone(transaction).await
}

/// Deletes everything that is left of a deleted chat except its audit log.
pub async fn purge(db: &Db, chat_id: ChatId) -> Result<(), StoreError> {
    retention::purge(&mut *db.get().await?, chat_id).await
}
