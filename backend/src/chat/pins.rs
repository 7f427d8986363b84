//! Pinned messages. They belong to the settings of the chat, so that a pin is a change of these.

use shared::{
    chat::Chat,
    event::Event,
    id::{Seq, UserId},
    member::Role,
    message::PINS_MAX,
    problem::ProblemCode,
};

use super::transaction::ChatTransaction;
use crate::{
    error::ApiError,
    store::{chats, messages},
};

/// Pins a message, unless it is pinned; returns the settings of the chat.
pub async fn pin(
    transaction: &mut ChatTransaction<'_>,
    actor_id: UserId,
    seq: Seq,
) -> Result<Chat, ApiError> {
    transaction.require_role(actor_id, Role::Moderator).await?;
    let message = transaction.find_text(seq).await?;
    let mut pins = transaction.chat.pins.clone();
    if pins.contains(&seq) {
        return Ok(transaction.chat.settings());
    }
    if pins.len() >= PINS_MAX {
        return Err(ProblemCode::PinLimitReached.into());
    }
    pins.push(seq);
    set(transaction, pins).await?;
    let event = Event::MessagePinned { target: (&message.user).into(), seq };
    transaction.append_event(actor_id, &event).await?;
    Ok(chats::find(transaction.connection, transaction.chat.id).await?.settings())
}

/// Unpins a message, if it is pinned; returns the settings of the chat.
pub async fn unpin(
    transaction: &mut ChatTransaction<'_>,
    actor_id: UserId,
    seq: Seq,
) -> Result<Chat, ApiError> {
    transaction.require_role(actor_id, Role::Moderator).await?;
    let message = transaction.find_message(seq).await?;
    let mut pins = transaction.chat.pins.clone();
    if !pins.contains(&seq) {
        return Ok(transaction.chat.settings());
    }
    pins.retain(|pin| *pin != seq);
    set(transaction, pins).await?;
    let event = Event::MessageUnpinned { target: (&message.user).into(), seq };
    transaction.append_audit(Some(actor_id), &event).await?;
    Ok(chats::find(transaction.connection, transaction.chat.id).await?.settings())
}

/// Takes out pins of messages that this transaction has deleted or expired.
pub async fn remove_gone(transaction: &mut ChatTransaction<'_>) -> Result<(), ApiError> {
    if transaction.chat.pins.is_empty() {
        return Ok(());
    }
    let chat = chats::find(transaction.connection, transaction.chat.id).await?;
    let left = messages::find_undeleted(transaction.connection, &chat, &chat.pins).await?;
    let mut pins = chat.pins.clone();
    pins.retain(|pin| left.contains(pin));
    if pins != chat.pins {
        set(transaction, pins).await?;
    }
    Ok(())
}

async fn set(transaction: &mut ChatTransaction<'_>, pins: Vec<Seq>) -> Result<(), ApiError> {
    chats::set_pins(transaction.connection, transaction.chat.id, &pins).await?;
    Ok(transaction.bump_settings_revision().await?)
}
