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
struct Before(Option<i64>);

pub async fn page(
    app: Data<App>,
    Moderator { chat, .. }: Moderator,
    request: HttpRequest,
) -> Result<Json<Audit>, Error> {
    let Before(before) = query(&request)?;
    Ok(Json(db::audit::page(&mut *app.db.get().await?, chat.id, before).await?))
}

impl FromFields for Before {
    fn from_fields(fields: &mut Fields) -> Self {
        Self(fields.optional_number("before", 0..=i64::MAX))
    }
}
