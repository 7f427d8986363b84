//! The audit: who did what in a chat.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use shared::audit::Audit;

use crate::{
    app::App,
    auth::Moderator,
    body::{Fields, FromFields, query},
    db,
    problem::Error,
};

/// Which page is wanted: the newest, or that before an entry.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Before {
    /// Only entries whose `id` is below this.
    before: Option<i64>,
}

/// What was done in the chat, the newest first.
#[utoipa::path(
    get, path = "/api/chats/{uri}/audit/",
    params(Before),
    responses((status = 200, body = Audit)),
)]
pub async fn page(
    app: Data<App>,
    Moderator { chat, .. }: Moderator,
    request: HttpRequest,
) -> Result<Json<Audit>, Error> {
    let Before { before } = query(&request)?;
    Ok(Json(db::audit::page(&mut *app.db.get().await?, chat.id, before).await?))
}

impl FromFields for Before {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { before: fields.optional_number("before", 0..=i64::MAX) }
    }
}
