//! Reading the changes of a chat.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use shared::{
    changes::{Changes, ChangesQuery},
    id::{ChatId, Head},
    paths,
    problem::ProblemCode,
};

use crate::{
    auth::ChatReader,
    error::ApiError,
    http::extract::body::{FieldReader, FromFields, parse_query},
    state::AppState,
    store,
};

/// Lists the changes after a cursor.
#[utoipa::path(
    get, path = paths::CHAT_CHANGES, operation_id = "listChanges",
    params(ChangesQuery),
    responses((status = 200, body = Changes), (status = 409)),
)]
pub async fn list(
    app: Data<AppState>,
    ChatReader { chat, .. }: ChatReader,
    request: HttpRequest,
) -> Result<Json<Changes>, ApiError> {
    Ok(Json(load(&app, chat.id, parse_query(&request)?).await?))
}

/// Fails with `stale_cursor` if the cursor does not belong to this database.
pub async fn load(app: &AppState, chat_id: ChatId, since: ChangesQuery) -> Result<Changes, ApiError> {
    let mut connection = app.db.get().await?;
    let chat = store::chats::find_active(&mut connection, chat_id).await?;
    if since.epoch.is_some_and(|epoch| epoch != app.epoch) || since.after > chat.head {
        return Err(ProblemCode::StaleCursor.into());
    }
    Ok(store::changes::list_since(&mut connection, &chat, app.epoch, since.after).await?)
}

impl FromFields for ChangesQuery {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self {
            after: fields.optional_number("after", 0..=i64::MAX).map(Head::new).unwrap_or_default(),
            epoch: fields.optional_uuid("epoch"),
        }
    }
}
