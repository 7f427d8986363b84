//! What the exports of accounts and of chats have in common: starting, listing and downloading them.

use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    web::Json,
};
use shared::{
    data_export::{DataExport, DataExportsResponse, ExportState},
    problem::ProblemCode,
};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use crate::{
    auth::opaque_token::OpaqueToken,
    error::ApiError,
    http::extract::{
        body::{FieldReader, FromFields},
        path_parameter,
    },
    state::AppState,
    store::data_exports::{self, ExportSubject, UnfinishedExport},
};

/// Queues an export; 409 while there is an unfinished one.
pub async fn start(app: &AppState, subject: ExportSubject) -> Result<HttpResponse, ApiError> {
    let inserted = data_exports::insert(&mut *app.db.get().await?, subject).await?;
    let export = inserted.ok_or(ProblemCode::Conflict)?;
    app.data_exporter.enqueue(UnfinishedExport { id: export.id, subject });
    Ok(HttpResponse::Accepted().json(export))
}

pub async fn list(app: &AppState, subject: ExportSubject) -> Result<Json<DataExportsResponse>, ApiError> {
    let exports = data_exports::list(&mut *app.db.get().await?, subject).await?;
    Ok(Json(DataExportsResponse { exports }))
}

/// The export that the path names.
pub async fn find(
    app: &AppState,
    subject: ExportSubject,
    request: &HttpRequest,
) -> Result<DataExport, ApiError> {
    let id = path_parameter(request, "export_id")?;
    let found = data_exports::find(&mut *app.db.get().await?, subject, id).await?;
    found.ok_or_else(|| ProblemCode::NotFound.into())
}

/// Sends the file of a finished export.
pub async fn send_file(
    app: &AppState,
    export: &DataExport,
    file_name: &str,
) -> Result<HttpResponse, ApiError> {
    if export.state != ExportState::Ready {
        return Err(ProblemCode::NotFound.into());
    }
    let file = File::open(app.data_exporter.path(export.id)).await.map_err(|_| ProblemCode::NotFound)?;
    let length = file.metadata().await.map_err(anyhow::Error::from)?.len();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/zip"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{file_name}\"")))
        .body(SizedStream::new(length, ReaderStream::new(file))))
}

#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DownloadQuery {
    /// A ticket from `POST /auth/tickets/`, in place of the header `Authorization`.
    #[param(value_type = Option<String>)]
    pub ticket: Option<OpaqueToken>,
}

impl FromFields for DownloadQuery {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self { ticket: fields.optional_text("ticket", |_| Ok(())).map(OpaqueToken::from_client) }
    }
}
