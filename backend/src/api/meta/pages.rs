//! The client's pages and files, and the health checks.

use actix_web::{HttpRequest, HttpResponse, ResponseError, http::Method, web::Data};
use serde::Serialize;
use shared::{paths, problem::ProblemCode};

use crate::{
    error::ApiError,
    http::assets::{self, Program},
    state::AppState,
};

/// The state of the server.
#[derive(Serialize, utoipa::ToSchema)]
struct Status {
    /// `ok` or `ready`.
    status: &'static str,
}

/// Checks that the process responds. Does not use the database.
#[utoipa::path(
    get, path = paths::HEALTH, operation_id = "checkHealth",
    responses((status = 200, body = Status)),
)]
pub async fn health() -> HttpResponse {
    HttpResponse::Ok().json(Status { status: "ok" })
}

/// Checks that the server reaches its database, that the database can write, and that the server is not shutting down.
#[utoipa::path(
    get, path = paths::READINESS, operation_id = "checkReadiness",
    responses((status = 200, body = Status)),
)]
pub async fn readiness(app: Data<AppState>) -> Result<HttpResponse, ApiError> {
    app.ingest.check_accepting()?;
    app.readiness.check(&app.db).await?;
    Ok(HttpResponse::Ok().json(Status { status: "ready" }))
}

/// The page of the chat program.
#[utoipa::path(get, path = paths::HOME_PAGE, responses((status = 200, content_type = "text/html", body = String)))]
pub async fn chat(request: HttpRequest) -> HttpResponse {
    assets::page(&request, Program::Chat)
}

/// The page of the account program.
#[utoipa::path(get, path = paths::AUTH_PAGE, responses((status = 200, content_type = "text/html", body = String)))]
pub async fn account(request: HttpRequest) -> HttpResponse {
    assets::page(&request, Program::Account)
}

/// A file of the client, or 404.
pub async fn file(request: HttpRequest) -> HttpResponse {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let file = if is_read { assets::file_or_missing(&request) } else { None };
    file.unwrap_or_else(|| ApiError::from(ProblemCode::NotFound).error_response())
}
