//! The OpenAPI document, and its page for readers.

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    http::header::{CONTENT_ENCODING, ContentType},
    web::{Data, Path},
};
use shared::{paths, problem::ProblemCode};
use utoipa_swagger_ui::{Config, serve};

use crate::error::ApiError;

const PAGE: &str = include_str!("documentation/page.html");
const SCRIPT: &str = include_str!("documentation/page.js");

/// Returns the OpenAPI document, which is generated on the first call.
pub struct ApiDocument(pub fn() -> &'static str);

/// This document.
#[utoipa::path(
    get, path = paths::OPENAPI, operation_id = "getOpenApiDocument",
    responses((status = 200, body = Value)),
)]
pub async fn openapi(document: Data<ApiDocument>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body((document.0)())
}

/// A page that shows this document.
#[utoipa::path(
    get, path = paths::DOCS, operation_id = "getDocumentationPage",
    responses((status = 200, content_type = "text/html", body = String)),
)]
pub async fn page() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::html()).body(PAGE)
}

/// A file of that page.
#[utoipa::path(
    get, path = paths::DOCS_FILE, operation_id = "getDocumentationFile",
    responses((status = 200, content_type = "*/*", body = String)),
)]
pub async fn file(name: Path<String>) -> Result<HttpResponse, ApiError> {
    if *name == "page.js" {
        return Ok(HttpResponse::Ok().content_type("text/javascript").body(SCRIPT));
    }
    let settings = Config::new([paths::OPENAPI]);
    let found = serve(&name, Arc::new(settings)).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
    let file = found.ok_or(ProblemCode::NotFound)?;
    let mut response = HttpResponse::Ok();
    if file.gzpipped {
        response.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(response.content_type(file.content_type).body(file.bytes.into_owned()))
}
