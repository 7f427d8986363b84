//! Deleting messages. A deleted message stays as a tombstone without text.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json},
};
use futures_util::FutureExt;
use shared::{
    id::{Seq, UserId},
    message::{DELETE_MESSAGES_MAX, DELETE_RECENT_MINUTES_MAX, DeleteMessages, MessagesDeleted},
    paths,
};

use crate::{
    auth::{Authorized, ChatModerator, ChatReader},
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

/// Deletes several messages. Those that were deleted before, or have expired, do not count.
#[utoipa::path(
    post, path = paths::CHAT_DELETIONS, operation_id = "deleteMessages",
    request_body = DeleteMessages,
    responses((status = 200, body = MessagesDeleted), (status = 409), (status = 403)),
)]
pub async fn delete_many(
    app: Data<AppState>,
    Authorized(ChatReader { user, chat, .. }, DeleteMessages { seqs }): Authorized<
        ChatReader,
        DeleteMessages,
    >,
) -> Result<Json<MessagesDeleted>, ApiError> {
    app.rate_limits.check_user(UserLimit::ChatChange, user.id)?;
    let deleted = app.chats.run_transaction(user.id, chat.id, move |transaction| {
        async move { message_deletion::delete_many(transaction, user.id, &seqs).await }.boxed()
    });
    Ok(Json(MessagesDeleted { count: deleted.await? }))
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

impl FromFields for DeleteMessages {
    fn from_fields(fields: &mut FieldReader) -> Self {
        let seqs = fields.numbers("seqs", 0..=i64::MAX, DELETE_MESSAGES_MAX);
        Self { seqs: seqs.into_iter().map(Seq::new).collect() }
    }
}
