//! The audit log of a chat.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use shared::{audit_log::AuditLogResponse, paths};

use crate::{
    auth::ChatModerator,
    error::ApiError,
    http::extract::body::{FieldReader, FromFields, parse_query},
    state::AppState,
    store,
};

/// Selects a page: the newest, or the one before an entry.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditLogQuery {
    /// Only entries whose `id` is below this.
    before: Option<i64>,
}

/// Lists the moderation actions, newest first.
#[utoipa::path(
    get, path = paths::CHAT_AUDIT_LOG, operation_id = "listAuditLog",
    params(AuditLogQuery),
    responses((status = 200, body = AuditLogResponse)),
)]
pub async fn list(
    app: Data<AppState>,
    ChatModerator { chat, .. }: ChatModerator,
    request: HttpRequest,
) -> Result<Json<AuditLogResponse>, ApiError> {
    let AuditLogQuery { before } = parse_query(&request)?;
    Ok(Json(store::audit_log::list_page(&mut *app.db.get().await?, chat.id, before).await?))
}

impl FromFields for AuditLogQuery {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self { before: fields.optional_number("before", 0..=i64::MAX) }
    }
}
