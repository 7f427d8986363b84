//! Exports of a chat. Each belongs to the member who asked for it.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path},
};
use shared::{
    data_export::{DataExport, DataExportsResponse},
    member::Role,
    paths,
};

use crate::{
    api::exports::{self, DownloadQuery},
    auth::{Authenticated, ChatExporter, ChatReader, policy::extractors::limit_uri_probing},
    error::ApiError,
    http::extract::{body::parse_query, client_ip::client_ip},
    rate_limit::UserLimit,
    state::AppState,
    store::data_exports::ExportSubject,
};

/// Starts an export of the chat.
#[utoipa::path(
    post, path = paths::CHAT_EXPORTS, operation_id = "createChatExport",
    responses((status = 202, body = DataExport), (status = 409)),
)]
pub async fn create(app: Data<AppState>, exporter: ChatExporter) -> Result<HttpResponse, ApiError> {
    app.rate_limits.check_chat_export(exporter.chat.id, exporter.role == Role::Owner)?;
    app.rate_limits.check_user(UserLimit::Export, exporter.user.id)?;
    exports::start(&app, subject(&exporter)).await
}

/// Lists the caller's exports of the chat.
#[utoipa::path(
    get, path = paths::CHAT_EXPORTS, operation_id = "listChatExports",
    responses((status = 200, body = DataExportsResponse)),
)]
pub async fn list(
    app: Data<AppState>,
    exporter: ChatExporter,
) -> Result<Json<DataExportsResponse>, ApiError> {
    exports::list(&app, subject(&exporter)).await
}

/// Shows the state of an export.
#[utoipa::path(
    get, path = paths::CHAT_EXPORT, operation_id = "getChatExport",
    responses((status = 200, body = DataExport), (status = 404)),
)]
pub async fn show(
    app: Data<AppState>,
    exporter: ChatExporter,
    request: HttpRequest,
) -> Result<Json<DataExport>, ApiError> {
    Ok(Json(exports::find(&app, subject(&exporter), &request).await?))
}

/// Downloads an export. Browsers cannot send a header with a download, and pass a ticket in the query instead.
#[utoipa::path(
    get, path = paths::CHAT_EXPORT_FILE, operation_id = "downloadChatExport",
    params(DownloadQuery),
    responses((status = 200, content_type = "application/zip", body = Vec<u8>), (status = 404)),
)]
pub async fn download(
    app: Data<AppState>,
    authenticated: Result<Authenticated, ApiError>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let DownloadQuery { ticket } = parse_query(&request)?;
    let Authenticated { user, .. } = Authenticated::from_ticket_or(&app.auth, ticket, authenticated).await?;
    let (uri, _) = path.into_inner();
    let reader = ChatReader::find(&app.auth, user.id, &uri).await;
    let reader = limit_uri_probing(&app.auth, client_ip(&request, &app.config), reader)?;
    let exporter = ChatExporter::check(&app.auth, reader).await?;
    let export = exports::find(&app, subject(&exporter), &request).await?;
    let file_name = format!("chatire-chat-{}.zip", export.created_at.format("%Y-%m-%d"));
    exports::send_file(&app, &export, &file_name).await
}

fn subject(exporter: &ChatExporter) -> ExportSubject {
    ExportSubject { user_id: exporter.user.id, chat_id: Some(exporter.chat.id) }
}
