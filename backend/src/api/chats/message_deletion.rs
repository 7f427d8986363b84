//! Deleting messages. A deleted message stays as a tombstone without text.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json},
};
use futures_util::FutureExt;
use shared::{
    id::{Seq, UserId},
    message::{DELETE_RECENT_MINUTES_MAX, MessagesDeleted},
    paths,
};

use crate::{
    auth::{ChatModerator, ChatReader},
    chat::message_deletion,
    error::ApiError,
    http::extract::{
        body::{FieldReader, FromFields, parse_query},
        path_parameter,
    },
    rate_limit::UserLimit,
    state::AppState,
};

/// Selects the recent messages of a member.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct RecentMessagesQuery {
    /// The author's id.
    user: UserId,
    /// How many minutes back, at most 1,440.
    minutes: i64,
}

/// Deletes one message. Deleting it again changes nothing.
#[utoipa::path(
    delete, path = paths::CHAT_MESSAGE, operation_id = "deleteMessage",
    responses((status = 204), (status = 409), (status = 403)),
)]
pub async fn delete_one(
    app: Data<AppState>,
    ChatReader { user, chat, .. }: ChatReader,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let seq = path_parameter(&request, "seq").map(Seq::new)?;
    app.rate_limits.check_user(UserLimit::ChatChange, user.id)?;
    let deletion = app.chats.run_transaction(user.id, chat.id, move |transaction| {
        message_deletion::delete_one(transaction, user.id, seq).boxed()
    });
    deletion.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Deletes the recent messages of a member, newest first.
#[utoipa::path(
    delete, path = paths::CHAT_MESSAGES, operation_id = "deleteRecentMessages",
    params(RecentMessagesQuery),
    responses((status = 200, body = MessagesDeleted)),
)]
pub async fn delete_recent(
    app: Data<AppState>,
    ChatModerator { user, chat }: ChatModerator,
    request: HttpRequest,
) -> Result<Json<MessagesDeleted>, ApiError> {
    let query: RecentMessagesQuery = parse_query(&request)?;
    app.rate_limits.check_user(UserLimit::ChatChange, user.id)?;
    let deleted = app.chats.run_transaction(user.id, chat.id, move |transaction| {
        message_deletion::delete_recent(transaction, user.id, query.user, query.minutes).boxed()
    });
    Ok(Json(MessagesDeleted { count: deleted.await? }))
}

impl FromFields for RecentMessagesQuery {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self {
            user: UserId::new(fields.number("user", 1..=i64::MAX)),
            minutes: fields.number("minutes", 1..=DELETE_RECENT_MINUTES_MAX),
        }
    }
}
