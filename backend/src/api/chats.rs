//! Creating and deleting chats, and rotating their URIs.

pub mod audit_log;
pub mod changes;
pub mod chat_exports;
pub mod chat_list;
pub mod chat_preview;
pub mod files;
pub mod invite_links;
pub mod join;
pub mod members;
pub mod message_deletion;
pub mod message_edits;
pub mod messages;
pub mod ownership;
pub mod pins;
pub mod reactions;
pub mod read_positions;
pub mod search;
pub mod settings;

use actix_web::{
    HttpResponse,
    web::{Data, Json},
};
use futures_util::FutureExt;
use rand::distr::{Alphanumeric, SampleString};
use shared::{
    chat::{ChatCreated, URI_LENGTH, UriRotated},
    paths,
};

use crate::{
    auth::{Authenticated, ChatModerator, ChatOwner},
    chat,
    error::ApiError,
    http::extract::idempotency_key::NoIdempotencyKey,
    rate_limit::UserLimit,
    state::AppState,
};

/// Creates a chat that the caller owns.
#[utoipa::path(
    post, path = paths::CHATS, operation_id = "startChat",
    responses((status = 200, body = ChatCreated), (status = 400), (status = 409)),
)]
pub async fn create(
    app: Data<AppState>,
    Authenticated { user, .. }: Authenticated,
    _: NoIdempotencyKey,
) -> Result<Json<ChatCreated>, ApiError> {
    app.rate_limits.check_user(UserLimit::Chat, user.id)?;
    let chat = app.chats.create(generate_uri(), user.id, app.rate_limits.owned_chats_max()).await?;
    let (status, message) = ("SUCCESS".to_owned(), "New chat session created".to_owned());
    Ok(Json(ChatCreated { status, uri: chat.uri.clone(), message, chat: chat.settings() }))
}

/// Deletes the chat.
#[utoipa::path(delete, path = paths::CHAT, operation_id = "deleteChat", responses((status = 204)))]
pub async fn delete(
    app: Data<AppState>,
    ChatOwner { user, chat }: ChatOwner,
) -> Result<HttpResponse, ApiError> {
    app.rate_limits.check_user(UserLimit::ChatChange, user.id)?;
    app.chats.delete_chat(chat.id, Some(user.id)).await?;
    // The background job tries again.
    if let Err(error) = app.data_exporter.run_once().await {
        tracing::warn!(%error, "cannot delete the export files of a deleted chat");
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Replaces the URI of the chat. Members keep their access; the old URI no longer admits new ones.
#[utoipa::path(
    post, path = paths::CHAT_URI, operation_id = "rotateChatUri",
    responses((status = 200, body = UriRotated)),
)]
pub async fn rotate_uri(
    app: Data<AppState>,
    ChatModerator { user, chat }: ChatModerator,
) -> Result<Json<UriRotated>, ApiError> {
    app.rate_limits.check_user(UserLimit::UriRotation, user.id)?;
    let uri = generate_uri();
    let new_uri = uri.clone();
    let rotation = app.chats.run_transaction(user.id, chat.id, move |transaction| {
        async move { chat::settings::rotate_uri(transaction, user.id, &new_uri).await }.boxed()
    });
    rotation.await?;
    Ok(Json(UriRotated { uri }))
}

/// A URI that cannot be guessed.
pub(super) fn generate_uri() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), URI_LENGTH)
}
