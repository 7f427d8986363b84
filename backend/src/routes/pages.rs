//! What is not the API: the client, its files, and a word on the server's health.

use actix_web::{HttpRequest, HttpResponse, ResponseError, http::Method, web::Data};
use serde::Serialize;
use shared::problem::ProblemCode;

use crate::{
    app::App,
    assets::{self, Program},
    db,
    problem::Error,
};

/// How the server is.
#[derive(Serialize, utoipa::ToSchema)]
struct Status {
    /// `ok`, or `ready`.
    status: &'static str,
}

/// Whether the process answers; it does not ask the database.
#[utoipa::path(method(get, head), path = "/healthz", responses((status = 200, body = Status)))]
pub async fn health() -> HttpResponse {
    HttpResponse::Ok().json(Status { status: "ok" })
}

/// Whether the process can do its work: it has its database, and is not about to stop.
#[utoipa::path(method(get, head), path = "/readyz", responses((status = 200, body = Status)))]
pub async fn readiness(app: Data<App>) -> Result<HttpResponse, Error> {
    app.writer.check_open()?;
    db::instance::epoch(&mut *app.db.get().await?).await?;
    Ok(HttpResponse::Ok().json(Status { status: "ready" }))
}

/// The program in which one talks.
#[utoipa::path(method(get, head), path = "/", responses((status = 200, content_type = "text/html", body = String)))]
pub async fn chat(request: HttpRequest) -> HttpResponse {
    assets::page(&request, Program::Chat)
}

/// The program in which one signs in, and keeps what is one's own.
#[utoipa::path(method(get, head), path = "/auth/", responses((status = 200, content_type = "text/html", body = String)))]
pub async fn account(request: HttpRequest) -> HttpResponse {
    assets::page(&request, Program::Account)
}

/// A file of the client, or the word that there is nothing here.
pub async fn file(request: HttpRequest) -> HttpResponse {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let file = if is_read { assets::file_or_missing(&request) } else { None };
    file.unwrap_or_else(|| Error::from(ProblemCode::NotFound).error_response())
}
