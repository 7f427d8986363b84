//! What a reader missed.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use shared::{
    changes::{Changes, Since},
    problem::ProblemCode,
};

use crate::{
    app::App,
    auth::Reader,
    body::{Fields, FromFields, query},
    db,
    problem::Error,
};

/// What happened in the chat after a number.
#[utoipa::path(
    get, path = "/api/chats/{uri}/changes/",
    params(Since),
    responses((status = 200, body = Changes), (status = 409)),
)]
pub async fn since(app: Data<App>, reader: Reader, request: HttpRequest) -> Result<Json<Changes>, Error> {
    Ok(Json(read(&app, reader.chat.id, query(&request)?).await?))
}

/// The changes since the cursor, or the word that it does not fit this database.
pub(super) async fn read(app: &App, chat_id: i64, since: Since) -> Result<Changes, Error> {
    let mut connection = app.db.get().await?;
    let chat = db::chats::read(&mut connection, chat_id).await?;
    // Whoever listens under an older address hears of this one first.
    app.hub.learn_name(chat_id, &chat.uri, chat.head);
    if since.epoch.is_some_and(|epoch| epoch != app.epoch) || since.after > chat.head {
        return Err(ProblemCode::StartAfresh.into());
    }
    db::changes::since(&mut connection, &chat, app.epoch, since.after).await
}

impl FromFields for Since {
    fn from_fields(fields: &mut Fields) -> Self {
        Self {
            after: fields.optional_number("after", 0..=i64::MAX).unwrap_or_default(),
            epoch: fields.optional_uuid("epoch"),
        }
    }
}
