//! Deletion of messages: the row stays and is numbered, the text is removed.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use shared::{
    event::Event,
    id::{Seq, UserId},
    member::Role,
    message::Message,
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
    check_deletable(&message, actor_id, role)?;
    if !message.deleted {
        delete(transaction, actor_id, &[message]).await?;
    }
    Ok(())
}

/// As [`delete_one`], several messages. Those that are deleted or have expired do not count. Returns how many were deleted:
/// all others, or none if one of them must not be.
pub async fn delete_many(
    transaction: &mut ChatTransaction<'_>,
    actor_id: UserId,
    seqs: &[Seq],
) -> Result<u32, ApiError> {
    let role = transaction.require_member(actor_id).await?;
    let found = messages::list_undeleted(transaction.connection, &transaction.chat, seqs).await?;
    for message in &found {
        check_deletable(message, actor_id, role)?;
    }
    delete(transaction, actor_id, &found).await
}

fn check_deletable(message: &Message, actor_id: UserId, role: Role) -> Result<(), ProblemCode> {
    if message.event.is_some() {
        Err(ProblemCode::Conflict)
    } else if message.user.id != actor_id && role < Role::Moderator {
        Err(ProblemCode::Forbidden)
    } else {
        Ok(())
    }
}

/// Records messages of others in the audit log, with one entry for each author.
async fn delete(
    transaction: &mut ChatTransaction<'_>,
    actor_id: UserId,
    messages: &[Message],
) -> Result<u32, ApiError> {
    let seqs: Vec<_> = messages.iter().map(|message| message.seq).collect();
    let deleted = clear(transaction, &seqs).await?;
    let mut by_author = BTreeMap::<UserId, Vec<&Message>>::new();
    for message in messages.iter().filter(|message| message.user.id != actor_id) {
        by_author.entry(message.user.id).or_default().push(message);
    }
    for messages in by_author.values() {
        let event = match messages.as_slice() {
            [] => continue,
            [message] => Event::MessageDeleted { target: (&message.user).into(), seq: message.seq },
            [message, ..] => {
                Event::MessagesDeleted { target: (&message.user).into(), count: count(messages) }
            }
        };
        transaction.append_audit(Some(actor_id), &event).await?;
    }
    Ok(deleted)
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
    let since = Utc::now() - TimeDelta::minutes(minutes);
    let recent = messages::find_recent(transaction.connection, &transaction.chat, target_id, since).await?;
    let count = clear(transaction, &recent).await?;
    if count > 0 {
        let event = Event::MessagesDeleted { target: (&target).into(), count };
        transaction.append_event(actor_id, &event).await?;
    }
    Ok(count)
}

/// The messages must exist and not be deleted. Returns how many they are.
async fn clear(transaction: &mut ChatTransaction<'_>, seqs: &[Seq]) -> Result<u32, ApiError> {
    let (chat_id, head, count) = (transaction.chat.id, transaction.head(), count(seqs));
    messages::clear(transaction.connection, chat_id, seqs, head).await?;
    transaction.advance(count.into());
    if transaction.chat.pins.iter().any(|pin| seqs.contains(pin)) {
        pins::remove_gone(transaction).await?;
    }
    Ok(count)
}

fn count<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX)
}
