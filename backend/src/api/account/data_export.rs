//! Exports of a user's data: starting, listing and downloading them.

use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    web::{Data, Json},
};
use shared::{
    data_export::{DataExport, DataExportsResponse, ExportState},
    id::UserId,
    paths,
    problem::ProblemCode,
};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use crate::{
    auth::{Authenticated, RecentlyAuthenticatedOrGuest, opaque_token::OpaqueToken},
    error::ApiError,
    http::extract::{
        body::{FieldReader, FromFields, parse_query},
        path_parameter,
    },
    rate_limit::UserLimit,
    state::AppState,
    store,
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
    let inserted = store::data_exports::insert(&mut *app.db.get().await?, user_id).await?;
    let export = inserted.ok_or(ProblemCode::Conflict)?;
    app.data_exporter.enqueue(export.id, user_id);
    Ok(HttpResponse::Accepted().json(export))
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
    let exports = store::data_exports::list_for_user(&mut *app.db.get().await?, user.id).await?;
    Ok(Json(DataExportsResponse { exports }))
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
    Ok(Json(find(&app, user.id, &request).await?))
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
    let export = find(&app, user.id, &request).await?;
    if export.state != ExportState::Ready {
        return Err(ProblemCode::NotFound.into());
    }
    let file = File::open(app.data_exporter.path(export.id)).await.map_err(|_| ProblemCode::NotFound)?;
    let length = file.metadata().await.map_err(anyhow::Error::from)?.len();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/zip"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"chatire.zip\""))
        .body(SizedStream::new(length, ReaderStream::new(file))))
}

async fn find(app: &AppState, user_id: UserId, request: &HttpRequest) -> Result<DataExport, ApiError> {
    let id = path_parameter(request, "export_id")?;
    let found = store::data_exports::find(&mut *app.db.get().await?, user_id, id).await?;
    found.ok_or_else(|| ProblemCode::NotFound.into())
}

#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct DownloadQuery {
    /// A ticket from `POST /auth/tickets/`, in place of the header `Authorization`.
    #[param(value_type = Option<String>)]
    ticket: Option<OpaqueToken>,
}

impl FromFields for DownloadQuery {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self { ticket: fields.optional_text("ticket", |_| Ok(())).map(OpaqueToken::from_client) }
    }
}
