//! Deletion of messages: the row stays and is numbered, the text is removed.

use chrono::{TimeDelta, Utc};
use shared::{
    event::Event,
    id::{Seq, UserId},
    member::Role,
    problem::ProblemCode,
};

use super::{pins, transaction::ChatTransaction};
use crate::{error::ApiError, store::messages};

/// Deletes a message: authors their own, moderators any. Deleting it again changes nothing.
pub async fn delete_one(
    transaction: &mut ChatTransaction<'_>,
    actor_id: UserId,
    seq: Seq,
) -> Result<(), ApiError> {
    let role = transaction.require_member(actor_id).await?;
    let message = transaction.find_message(seq).await?;
    let is_author = message.user.id == actor_id;
    if message.event.is_some() {
        return Err(ProblemCode::Conflict.into());
    }
    if !is_author && role < Role::Moderator {
        return Err(ProblemCode::Forbidden.into());
    }
    if message.deleted {
        return Ok(());
    }
    let revision = transaction.next_seq();
    messages::clear(transaction.connection, transaction.chat.id, seq, revision).await?;
    if transaction.chat.pins.contains(&seq) {
        pins::remove_gone(transaction).await?;
    }
    if !is_author {
        let event = Event::MessageDeleted { target: (&message.user).into(), seq };
        transaction.append_audit(Some(actor_id), &event).await?;
    }
    Ok(())
}

/// A moderator deletes what a user has posted in the last `minutes`; returns how many messages these were.
pub async fn delete_recent(
    transaction: &mut ChatTransaction<'_>,
    actor_id: UserId,
    target_id: UserId,
    minutes: i64,
) -> Result<u32, ApiError> {
    transaction.require_role(actor_id, Role::Moderator).await?;
    let target = transaction.find_member(target_id).await?.ok_or(ProblemCode::NotFound)?;
    let (since, head) = (Utc::now() - TimeDelta::minutes(minutes), transaction.head());
    let count =
        messages::clear_recent(transaction.connection, &transaction.chat, target_id, since, head).await?;
    transaction.advance(count.into());
    if count > 0 {
        pins::remove_gone(transaction).await?;
        let event = Event::MessagesDeleted { target: (&target).into(), count };
        transaction.append_event(actor_id, &event).await?;
    }
    Ok(count)
}
