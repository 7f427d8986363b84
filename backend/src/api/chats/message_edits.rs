//! Editing messages, and reading their former texts.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use futures_util::FutureExt;
use shared::{
    id::Seq,
    message::{EditMessage, Message, MessageVersion, MessageVersionsResponse, check_text_beside_files},
    paths,
};
use uuid::Uuid;

use crate::{
    auth::{Authorized, ChatReader, ChatWriter},
    chat::message_edits,
    error::ApiError,
    http::extract::{
        body::{FieldReader, FromFields},
        idempotency_key::IDEMPOTENCY_KEY,
        path_parameter,
    },
    rate_limit::UserLimit,
    state::AppState,
    store,
};

/// Replaces the text of an own message, as long as the chat allows that. Making the same edit again changes nothing.
#[utoipa::path(
    patch, path = paths::CHAT_MESSAGE, operation_id = "editMessage",
    request_body = EditMessage,
    responses((status = 200, body = Message), (status = 409), (status = 422)),
)]
pub async fn edit(
    app: Data<AppState>,
    Authorized(ChatWriter { user, chat, .. }, edit): Authorized<ChatWriter, EditMessage>,
    request: HttpRequest,
) -> Result<Json<Message>, ApiError> {
    let seq = path_parameter(&request, "seq").map(Seq::new)?;
    app.rate_limits.check_user(UserLimit::ChatChange, user.id)?;
    let edit_id = edit.edit_id.unwrap_or_else(Uuid::new_v4);
    let edited = app.chats.run_transaction(user.id, chat.id, move |transaction| {
        async move { message_edits::edit(transaction, user.id, seq, edit_id, &edit.message).await }.boxed()
    });
    Ok(Json(edited.await?))
}

/// Lists the former texts of a message and the current one, oldest first.
#[utoipa::path(
    get, path = paths::CHAT_MESSAGE_VERSIONS, operation_id = "listMessageVersions",
    responses((status = 200, body = MessageVersionsResponse), (status = 409)),
)]
pub async fn list_versions(
    app: Data<AppState>,
    ChatReader { chat, .. }: ChatReader,
    request: HttpRequest,
) -> Result<Json<MessageVersionsResponse>, ApiError> {
    let seq = path_parameter(&request, "seq").map(Seq::new)?;
    let mut connection = app.db.get().await?;
    let row = store::chats::find_active(&mut connection, chat.id).await?;
    // Before the current text: one that is replaced meanwhile is missing, but none is listed twice.
    let mut versions = store::messages::versions::list_former(&mut connection, chat.id, seq).await?;
    let message = store::messages::find_text(&mut connection, &row, seq).await?;
    let Message { created_at, edited_at, message, mentions, .. } = message;
    versions.push(MessageVersion { created_at: edited_at.unwrap_or(created_at), message, mentions });
    Ok(Json(MessageVersionsResponse { versions }))
}

impl FromFields for EditMessage {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self {
            // Whether the message has files, in which case it may be blank, is checked later.
            message: fields.text("message", |text| check_text_beside_files(text, true)),
            edit_id: fields
                .optional_uuid("edit_id")
                .or_else(|| fields.header_uuid(IDEMPOTENCY_KEY, "edit_id")),
        }
    }
}
