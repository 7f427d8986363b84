//! Editing of messages by their authors: the former text is kept, the change is numbered.

use chrono::{SubsecRound, Utc};
use shared::{
    id::{Seq, UserId},
    member::Role,
    message::{Message, check_text_beside_files},
    problem::ProblemCode,
};
use uuid::Uuid;

use super::{mentions, transaction::ChatTransaction};
use crate::{
    error::{ApiError, Rejection},
    store::messages::{
        mentions::find_mentioned,
        versions::{self, Edit},
    },
};

/// Replaces the text of a message, unless this edit did so before; returns the message as it is then.
pub async fn edit(
    transaction: &mut ChatTransaction<'_>,
    author_id: UserId,
    seq: Seq,
    edit_id: Uuid,
    text: &str,
) -> Result<Message, ApiError> {
    let role = transaction.require_member(author_id).await?;
    let message = transaction.find_message(seq).await?;
    check_editable(&message, author_id, role)?;
    check_text_beside_files(text, !message.files.is_empty())
        .map_err(|code| Rejection::field("message", code))?;
    let chat_id = transaction.chat.id;
    match versions::find_by_edit(transaction.connection, chat_id, seq, edit_id).await? {
        Some(written) if written != text => return Err(ProblemCode::ClientIdConflict.into()),
        Some(_) => return Ok(message),
        None if message.message == text => return Ok(message),
        None => {}
    }
    if transaction.chat.closed {
        return Err(ProblemCode::ChatClosed.into());
    }
    let edited_at = Utc::now().trunc_subsecs(3);
    let age = (edited_at - message.created_at).num_milliseconds();
    if !transaction.chat.edit_window.is_open(age) {
        return Err(ProblemCode::EditWindowClosed.into());
    }
    let mentioned_ids = mentions::find_ids(text)?;
    let mentions = &find_mentioned(transaction.connection, chat_id, &mentioned_ids).await?;
    let revision = transaction.next_seq();
    let edit = Edit { chat_id, seq, edit_id, text, mentions, edited_at, revision };
    versions::replace_text(transaction.connection, edit).await?;
    transaction.find_message(seq).await
}

fn check_editable(message: &Message, author_id: UserId, role: Role) -> Result<(), ProblemCode> {
    if message.event.is_some() {
        Err(ProblemCode::Conflict)
    } else if message.user.id != author_id || role < Role::Writer {
        Err(ProblemCode::Forbidden)
    } else if message.deleted {
        Err(ProblemCode::MessageDeleted)
    } else {
        Ok(())
    }
}
