//! Whom a text mentions: checked when it is written, so that later members are not mentioned by it.

use diesel_async::AsyncPgConnection;
use markdown::mentions::find_mentions;
use shared::{
    id::ChatId,
    mentions::{MENTIONS_MAX, Mentions},
    problem::FieldCode,
};

use crate::{
    error::{ApiError, Rejection},
    store::{Db, messages::mentions},
};

/// The members whom a new message mentions. No statement for a text without mentions.
pub async fn resolve(db: &Db, chat_id: ChatId, text: &str) -> Result<Mentions, ApiError> {
    let ids = find_ids(text)?;
    if ids.is_empty() { Ok(Mentions::default()) } else { load(&mut *db.get().await?, chat_id, &ids).await }
}

/// As [`resolve`], in a transaction.
pub async fn resolve_in(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    text: &str,
) -> Result<Mentions, ApiError> {
    let ids = find_ids(text)?;
    if ids.is_empty() { Ok(Mentions::default()) } else { load(connection, chat_id, &ids).await }
}

async fn load(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    ids: &[i64],
) -> Result<Mentions, ApiError> {
    Ok(mentions::resolve(connection, chat_id, ids).await?)
}

/// The ids in the mentions of a text, each once.
fn find_ids(text: &str) -> Result<Vec<i64>, ApiError> {
    let mut ids = Vec::new();
    for (_, id) in find_mentions(text) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    if ids.len() > MENTIONS_MAX {
        return Err(Rejection::field("message", FieldCode::TooManyMentions).into());
    }
    Ok(ids)
}
