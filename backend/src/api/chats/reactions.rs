//! Reacting to messages, and reading who did.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use futures_util::FutureExt;
use shared::{
    id::Seq,
    message::{Message, ReactionsResponse},
    paths,
    problem::FieldCode,
};

use crate::{
    auth::{ChatReader, ChatWriter},
    chat::reactions,
    error::{ApiError, Rejection},
    http::extract::path_parameter,
    rate_limit::UserLimit,
    state::AppState,
    store,
};

/// Reacts to a message with an emoji. Doing so again changes nothing.
#[utoipa::path(
    put, path = paths::CHAT_MESSAGE_REACTION, operation_id = "addReaction",
    responses((status = 200, body = Message), (status = 400), (status = 409)),
)]
pub async fn add(
    app: Data<AppState>,
    writer: ChatWriter,
    request: HttpRequest,
) -> Result<Json<Message>, ApiError> {
    set_reaction(&app, writer, &request, true).await
}

/// Takes a reaction back. Doing so again changes nothing.
#[utoipa::path(
    delete, path = paths::CHAT_MESSAGE_REACTION, operation_id = "removeReaction",
    responses((status = 200, body = Message), (status = 400), (status = 409)),
)]
pub async fn remove(
    app: Data<AppState>,
    writer: ChatWriter,
    request: HttpRequest,
) -> Result<Json<Message>, ApiError> {
    set_reaction(&app, writer, &request, false).await
}

async fn set_reaction(
    app: &AppState,
    ChatWriter { user, chat, .. }: ChatWriter,
    request: &HttpRequest,
    is_set: bool,
) -> Result<Json<Message>, ApiError> {
    let (seq, emoji) = (path_parameter(request, "seq").map(Seq::new)?, find_emoji(request)?);
    app.rate_limits.check_user(UserLimit::ChatChange, user.id)?;
    let changed = app.chats.run_transaction(user.id, chat.id, move |transaction| {
        if is_set {
            reactions::add(transaction, user.id, seq, emoji).boxed()
        } else {
            reactions::remove(transaction, user.id, seq, emoji).boxed()
        }
    });
    Ok(Json(changed.await?))
}

/// Lists who reacted to a message, the first 100 for each emoji.
#[utoipa::path(
    get, path = paths::CHAT_MESSAGE_REACTIONS, operation_id = "listReactions",
    responses((status = 200, body = ReactionsResponse), (status = 409)),
)]
pub async fn list(
    app: Data<AppState>,
    ChatReader { user, chat, .. }: ChatReader,
    request: HttpRequest,
) -> Result<Json<ReactionsResponse>, ApiError> {
    let seq = path_parameter(&request, "seq").map(Seq::new)?;
    let mut connection = app.db.get().await?;
    let row = store::chats::find_active(&mut connection, chat.id).await?;
    store::messages::find_text(&mut connection, &row, seq).await?;
    let reactions = store::messages::reactions::list_users(&mut connection, chat.id, seq, user.id).await?;
    Ok(Json(ReactionsResponse { reactions }))
}

/// The emoji in the path, in the form that Unicode recommends, so that different forms of it count as one.
fn find_emoji(request: &HttpRequest) -> Result<&'static str, ApiError> {
    let emoji = emojis::get(request.match_info().get("emoji").unwrap_or_default());
    emoji.map(emojis::Emoji::as_str).ok_or_else(|| Rejection::field("emoji", FieldCode::NotAChoice).into())
}
