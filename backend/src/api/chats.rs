//! Creating and deleting chats, and rotating their URIs.

pub mod audit_log;
pub mod changes;
pub mod chat_list;
pub mod chat_preview;
pub mod invite_links;
pub mod join;
pub mod members;
pub mod message_deletion;
pub mod messages;
pub mod ownership;
pub mod read_positions;
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
    state::AppState,
};

/// Creates a chat that the caller owns.
#[utoipa::path(post, path = paths::CHATS, responses((status = 200, body = ChatCreated)))]
pub async fn create(
    app: Data<AppState>,
    Authenticated { user, .. }: Authenticated,
) -> Result<Json<ChatCreated>, ApiError> {
    let uri = generate_uri();
    let chat = app.chats.create(&uri, user.id).await?;
    let (status, message) = ("SUCCESS".to_owned(), "New chat session created".to_owned());
    Ok(Json(ChatCreated { status, uri, message, chat: chat.settings() }))
}

/// Deletes the chat.
#[utoipa::path(delete, path = paths::CHAT, responses((status = 204)))]
pub async fn delete(
    app: Data<AppState>,
    ChatOwner { user, chat }: ChatOwner,
) -> Result<HttpResponse, ApiError> {
    app.chats.delete_chat(chat.id, Some(user.id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Replaces the URI of the chat. Members keep their access; the old URI no longer admits new ones.
#[utoipa::path(post, path = paths::CHAT_URI, responses((status = 200, body = UriRotated)))]
pub async fn rotate_uri(
    app: Data<AppState>,
    ChatModerator { user, chat }: ChatModerator,
) -> Result<Json<UriRotated>, ApiError> {
    let uri = generate_uri();
    let new_uri = uri.clone();
    let rotation = app.chats.run_transaction(chat.id, move |transaction| {
        async move { chat::settings::rotate_uri(transaction, user.id, &new_uri).await }.boxed()
    });
    rotation.await?;
    Ok(Json(UriRotated { uri }))
}

/// A URI that cannot be guessed.
pub(super) fn generate_uri() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), URI_LENGTH)
}
