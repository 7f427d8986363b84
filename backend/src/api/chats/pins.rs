//! Pinned messages.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use futures_util::FutureExt;
use shared::{chat::Chat, id::Seq, message::PinsResponse, paths};

use crate::{
    auth::{ChatModerator, ChatReader},
    chat::pins,
    error::ApiError,
    http::extract::path_parameter,
    rate_limit::UserLimit,
    state::AppState,
    store,
};

/// Lists the pinned messages.
#[utoipa::path(
    get, path = paths::CHAT_PINS, operation_id = "listPins",
    responses((status = 200, body = PinsResponse)),
)]
pub async fn list(
    app: Data<AppState>,
    ChatReader { chat, .. }: ChatReader,
) -> Result<Json<PinsResponse>, ApiError> {
    let mut connection = app.db.get().await?;
    let row = store::chats::find_active(&mut connection, chat.id).await?;
    let mut messages = store::messages::list_undeleted(&mut connection, &row, &row.pins).await?;
    messages.sort_by_key(|message| row.pins.iter().rev().position(|pin| *pin == message.seq));
    Ok(Json(PinsResponse { messages }))
}

/// Pins a message. Pinning it again changes nothing.
#[utoipa::path(
    put, path = paths::CHAT_PIN, operation_id = "pinMessage",
    responses((status = 200, body = Chat), (status = 409)),
)]
pub async fn pin(
    app: Data<AppState>,
    moderator: ChatModerator,
    request: HttpRequest,
) -> Result<Json<Chat>, ApiError> {
    set_pinned(&app, moderator, &request, true).await
}

/// Unpins a message. Unpinning it again changes nothing.
#[utoipa::path(
    delete, path = paths::CHAT_PIN, operation_id = "unpinMessage",
    responses((status = 200, body = Chat)),
)]
pub async fn unpin(
    app: Data<AppState>,
    moderator: ChatModerator,
    request: HttpRequest,
) -> Result<Json<Chat>, ApiError> {
    set_pinned(&app, moderator, &request, false).await
}

async fn set_pinned(
    app: &AppState,
    ChatModerator { user, chat }: ChatModerator,
    request: &HttpRequest,
    is_pinned: bool,
) -> Result<Json<Chat>, ApiError> {
    let seq = path_parameter(request, "seq").map(Seq::new)?;
    app.rate_limits.check_user(UserLimit::ChatChange, user.id)?;
    let changed = app.chats.run_transaction(user.id, chat.id, move |transaction| {
        if is_pinned {
            pins::pin(transaction, user.id, seq).boxed()
        } else {
            pins::unpin(transaction, user.id, seq).boxed()
        }
    });
    Ok(Json(changed.await?))
}
