//! What may be asked of this server, for programs and for people.

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    http::header::{CONTENT_ENCODING, ContentType},
    web::Path,
};
use shared::problem::ProblemCode;
use utoipa_swagger_ui::{Config, serve};

use crate::{openapi, problem::Error};

const PAGE: &str = include_str!("documentation/page.html");
const SCRIPT: &str = include_str!("documentation/page.js");

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", responses((status = 200, body = Value)))]
pub async fn openapi() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(openapi::document())
}

/// This document, for people.
#[utoipa::path(get, path = "/api/docs/", responses((status = 200, content_type = "text/html", body = String)))]
pub async fn page() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::html()).body(PAGE)
}

/// A file of that page.
#[utoipa::path(get, path = "/api/docs/{file}", responses((status = 200, content_type = "*/*", body = String)))]
pub async fn file(name: Path<String>) -> Result<HttpResponse, Error> {
    if *name == "page.js" {
        return Ok(HttpResponse::Ok().content_type("text/javascript").body(SCRIPT));
    }
    let settings = Config::new(["/api/openapi.json"]);
    let found = serve(&name, Arc::new(settings)).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
    let file = found.ok_or(ProblemCode::NotFound)?;
    let mut answer = HttpResponse::Ok();
    if file.gzpipped {
        answer.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(answer.content_type(file.content_type).body(file.bytes.into_owned()))
}
