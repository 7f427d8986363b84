//! Read positions: up to which message each member has read.

use actix_web::web::{Data, Json};
use shared::{
    chat_list::{MemberReadPosition, ReadPositionsResponse, UpdateReadPosition},
    id::Seq,
    paths,
    socket::ServerFrame,
};

use crate::{
    auth::{Authorized, ChatReader},
    detached::run_detached,
    error::ApiError,
    http::extract::body::{FieldReader, FromFields},
    state::AppState,
    store::{self, read_positions::ReadPosition},
};

/// Lists the read positions of the members.
#[utoipa::path(
    get, path = paths::CHAT_READ_POSITION, operation_id = "listReadPositions",
    responses((status = 200, body = ReadPositionsResponse)),
)]
pub async fn list(
    app: Data<AppState>,
    ChatReader { chat, .. }: ChatReader,
) -> Result<Json<ReadPositionsResponse>, ApiError> {
    app.read_receipts.flush(|position| position.chat_id == chat.id).await;
    let positions = store::read_positions::list_for_chat(&mut *app.db.get().await?, chat.id).await?;
    Ok(Json(ReadPositionsResponse { positions }))
}

/// Advances the caller's read position. Returns the stored position, which may already be further.
#[utoipa::path(
    put, path = paths::CHAT_READ_POSITION, operation_id = "updateReadPosition",
    request_body = UpdateReadPosition,
    responses((status = 200, body = UpdateReadPosition)),
)]
pub async fn update(
    app: Data<AppState>,
    Authorized(ChatReader { user, chat, .. }, update): Authorized<ChatReader, UpdateReadPosition>,
) -> Result<Json<UpdateReadPosition>, ApiError> {
    let position = ReadPosition { chat_id: chat.id, user_id: user.id, seq: update.seq };
    let stored = run_detached(async move {
        let (seq, has_advanced) = store::read_positions::advance(&mut *app.db.get().await?, position).await?;
        if has_advanced {
            let (user_id, chat_id) = (user.id, chat.id);
            app.hub.send_to_other_devices(user_id, None, &ServerFrame::Read { chat_id, user_id, seq });
            app.hub.queue_read_position(chat_id, MemberReadPosition { user_id, seq });
        }
        Ok(seq)
    });
    let seq = stored.await?;
    Ok(Json(UpdateReadPosition { seq }))
}

impl FromFields for UpdateReadPosition {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self { seq: Seq::new(fields.number("seq", 0..=i64::MAX)) }
    }
}
