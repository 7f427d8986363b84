//! Whether there is space for another file.

use shared::{
    id::{ChatId, UserId},
    problem::ProblemCode,
};
use uuid::Uuid;

use crate::{
    config::limits::{Bytes, LimitSettings},
    error::{ApiError, Rejection},
    state::AppState,
    store::stored_files::{self, StorageUsage},
};

/// Before the body is received: fails if the file could not be stored.
pub async fn check_acceptable(
    app: &AppState,
    id: Uuid,
    user_id: UserId,
    chat_id: ChatId,
) -> Result<(), ApiError> {
    let stored = stored_files::find(&mut *app.db.get().await?, id).await?;
    match stored {
        Some(stored) if (stored.user_id, stored.chat_id) != (user_id, chat_id) => {
            Err(ProblemCode::ClientIdConflict.into())
        }
        // A repeated request gets its response also if the limits are reached.
        Some(_) => Ok(()),
        // An image may become smaller, so that only one more byte is certain.
        None => check_limits(app, user_id, chat_id, 1).await,
    }
}

/// Fails if this many more bytes are too many for the user, the chat or the server. Uploads at the same time may exceed a limit by
/// a few files.
pub async fn check_limits(
    app: &AppState,
    user_id: UserId,
    chat_id: ChatId,
    bytes: i64,
) -> Result<(), ApiError> {
    let LimitSettings { limit_user_files, limit_chat_files, limit_all_files, .. } = app.config.limits;
    let StorageUsage { by_user, in_chat } =
        stored_files::find_usage(&mut *app.db.get().await?, user_id, chat_id).await?;
    let total = app.file_storage.total(&app.db).await?;
    let delete = "Delete messages with files first";
    for (used, limit, detail) in [
        (by_user, limit_user_files, format!("Your files take all of your {limit_user_files}. {delete}.")),
        (
            in_chat,
            limit_chat_files,
            format!("This chat's files take all of its {limit_chat_files}. {delete}."),
        ),
        (total, limit_all_files, "The server has no space left for files.".to_owned()),
    ] {
        if is_exceeded(used, bytes, limit) {
            return Err(Rejection::new(ProblemCode::StorageLimitReached).detail(detail).into());
        }
    }
    Ok(())
}

fn is_exceeded(used: i64, more: i64, Bytes(limit): Bytes) -> bool {
    used.saturating_add(more) > i64::try_from(limit).unwrap_or(i64::MAX)
}
