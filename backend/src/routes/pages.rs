//! What is not the API: the client, its files, and a word on the server's health.

use actix_web::{HttpRequest, HttpResponse, ResponseError, http::Method, web::Data};
use shared::problem::ProblemCode;

use crate::{app::App, assets, db, problem::Error};

/// Whether the process answers; it does not ask the database.
pub async fn health() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "ok" }))
}

/// Whether the process can do its work: it has its database, and is not about to stop.
pub async fn readiness(app: Data<App>) -> Result<HttpResponse, Error> {
    app.writer.check_open()?;
    db::instance::epoch(&mut *app.db.get().await?).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "status": "ready" })))
}

pub async fn page(request: HttpRequest) -> HttpResponse {
    assets::page(&request)
}

/// A file of the client, or the word that there is nothing here.
pub async fn file(request: HttpRequest) -> HttpResponse {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let file = if is_read { assets::file_or_missing(&request) } else { None };
    file.unwrap_or_else(|| Error::from(ProblemCode::NotFound).error_response())
}
