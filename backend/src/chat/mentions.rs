//! Whom a text mentions: checked when it is written, so that later members are not mentioned by it.

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

/// The members among these ids, and everyone. No statement without ids.
pub async fn resolve(db: &Db, chat_id: ChatId, ids: &[i64]) -> Result<Mentions, ApiError> {
    if ids.is_empty() {
        return Ok(Mentions::default());
    }
    Ok(mentions::find_mentioned(&mut *db.get().await?, chat_id, ids).await?)
}

/// The ids in the mentions of a text, each once. Fails if there are too many.
pub fn find_ids(text: &str) -> Result<Vec<i64>, ApiError> {
    let mut ids = Vec::new();
    for (_, id) in find_mentions(text) {
        if !ids.contains(&id) {
            ids.push(id);
        }
        if ids.len() > MENTIONS_MAX {
            return Err(Rejection::field("message", FieldCode::TooManyMentions).into());
        }
    }
    Ok(ids)
}
