//! The chat list of a user.

use actix_web::web::{Data, Json};
use shared::{
    chat_list::{ChatListResponse, UpdateMute},
    member::MembershipStatus,
    paths,
    socket::ServerFrame,
};

use crate::{
    auth::{Authenticated, Authorized, ChatReader},
    detached::run_detached,
    error::ApiError,
    http::extract::body::{FieldReader, FromFields},
    state::AppState,
    store,
};

/// Lists the caller's chats, most recent activity first.
#[utoipa::path(
    get, path = paths::CHATS, operation_id = "listChats",
    responses((status = 200, body = ChatListResponse)),
)]
pub async fn list(
    app: Data<AppState>,
    Authenticated { user, .. }: Authenticated,
) -> Result<Json<ChatListResponse>, ApiError> {
    let version = app.hub.chat_list_versions.get(user.id);
    app.read_receipts.flush(|position| position.user_id == user.id).await;
    let (chats, more) = store::chat_list::list_for_user(&mut *app.db.get().await?, user.id).await?;
    Ok(Json(ChatListResponse { epoch: app.epoch, version, chats, more }))
}

/// Turns the caller's notifications for the chat off or on.
#[utoipa::path(
    put, path = paths::CHAT_MUTE, operation_id = "muteChat",
    request_body = UpdateMute,
    responses((status = 200, body = UpdateMute)),
)]
pub async fn mute(
    app: Data<AppState>,
    Authorized(ChatReader { user, chat, .. }, mute): Authorized<ChatReader, UpdateMute>,
) -> Result<Json<UpdateMute>, ApiError> {
    run_detached(async move {
        store::read_positions::set_muted(&mut *app.db.get().await?, chat.id, user.id, mute.muted).await?;
        // Other devices of the user reload the chat list.
        let changed = ServerFrame::Membership { chat_id: chat.id, status: MembershipStatus::Member };
        app.hub.send_to_user(user.id, &changed);
        Ok(())
    })
    .await?;
    Ok(Json(mute))
}

impl FromFields for UpdateMute {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self { muted: fields.bool("muted") }
    }
}
