//! Up to where the members of a chat have read.

use actix_web::web::{Data, Json};
use shared::{
    socket::ServerFrame,
    your_chats::{Position, ReadPosition, ReadPositions},
};

use crate::{
    app::App,
    auth::Reader,
    body::{Body, Fields, FromFields},
    db::{self, read_positions::Reached},
    problem::Error,
};

/// Up to where the members have read.
#[utoipa::path(
    get, path = "/api/chats/{uri}/read_position/",
    responses((status = 200, body = ReadPositions)),
)]
pub async fn list(app: Data<App>, Reader { chat, .. }: Reader) -> Result<Json<ReadPositions>, Error> {
    app.settle_positions(|reached| reached.chat_id == chat.id).await;
    let positions = db::read_positions::of_chat(&mut *app.db.get().await?, chat.id).await?;
    Ok(Json(ReadPositions { positions }))
}

/// Notes up to where the caller has read. Answered with where that stands then, which may be further than was said.
#[utoipa::path(
    put, path = "/api/chats/{uri}/read_position/",
    request_body = ReadPosition,
    responses((status = 200, body = ReadPosition)),
)]
pub async fn advance(
    app: Data<App>,
    Reader { user, chat, .. }: Reader,
    Body(ReadPosition { seq }): Body<ReadPosition>,
) -> Result<Json<ReadPosition>, Error> {
    let reached = Reached { chat_id: chat.id, user_id: user.id, seq };
    let (seq, is_further) = db::read_positions::advance_one(&mut *app.db.get().await?, reached).await?;
    if is_further {
        let (user, uri) = (user.id, chat.uri);
        app.hub.tell_elsewhere(user, None, &ServerFrame::Read { uri, user, seq });
        app.hub.note_position(chat.id, Position { user, seq });
    }
    Ok(Json(ReadPosition { seq }))
}

impl FromFields for ReadPosition {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { seq: fields.number("seq", 0..=i64::MAX) }
    }
}
