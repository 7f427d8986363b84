//! Exports of a user's data.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json},
};
use shared::{
    data_export::{DataExport, DataExportsResponse},
    id::UserId,
    paths,
};

use crate::{
    api::exports::{self, DownloadQuery},
    auth::{Authenticated, RecentlyAuthenticatedOrGuest},
    error::ApiError,
    http::extract::body::parse_query,
    rate_limit::UserLimit,
    state::AppState,
    store::data_exports::ExportSubject,
};

/// Starts an export of all data of the caller.
#[utoipa::path(
    post, path = paths::EXPORTS, operation_id = "createExport",
    responses((status = 202, body = DataExport), (status = 409)),
)]
pub async fn create(
    app: Data<AppState>,
    RecentlyAuthenticatedOrGuest(authenticated): RecentlyAuthenticatedOrGuest,
) -> Result<HttpResponse, ApiError> {
    let user_id = authenticated.user.id;
    app.rate_limits.check_user(UserLimit::Export, user_id)?;
    exports::start(&app, all_data(user_id)).await
}

/// Lists the caller's exports.
#[utoipa::path(
    get, path = paths::EXPORTS, operation_id = "listExports",
    responses((status = 200, body = DataExportsResponse)),
)]
pub async fn list(
    app: Data<AppState>,
    Authenticated { user, .. }: Authenticated,
) -> Result<Json<DataExportsResponse>, ApiError> {
    exports::list(&app, all_data(user.id)).await
}

/// Shows the state of an export.
#[utoipa::path(
    get, path = paths::EXPORT, operation_id = "getExport",
    responses((status = 200, body = DataExport), (status = 404)),
)]
pub async fn show(
    app: Data<AppState>,
    Authenticated { user, .. }: Authenticated,
    request: HttpRequest,
) -> Result<Json<DataExport>, ApiError> {
    Ok(Json(exports::find(&app, all_data(user.id), &request).await?))
}

/// Downloads an export. Browsers cannot send a header with a download, and pass a ticket in the query instead.
#[utoipa::path(
    get, path = paths::EXPORT_FILE, operation_id = "downloadExport",
    params(DownloadQuery),
    responses((status = 200, content_type = "application/zip", body = Vec<u8>), (status = 404)),
)]
pub async fn download(
    app: Data<AppState>,
    authenticated: Result<Authenticated, ApiError>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let DownloadQuery { ticket } = parse_query(&request)?;
    let Authenticated { user, .. } = Authenticated::from_ticket_or(&app.auth, ticket, authenticated).await?;
    let export = exports::find(&app, all_data(user.id), &request).await?;
    exports::send_file(&app, &export, "chatire.zip").await
}

fn all_data(user_id: UserId) -> ExportSubject {
    ExportSubject { user_id, chat_id: None }
}
