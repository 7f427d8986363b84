//! The HTTP and WebSocket API.

pub mod account;
pub mod chats;
pub mod events;
mod exports;
pub mod meta;
pub mod openapi;
pub mod route_table;
pub mod routes;
pub mod websocket;

use std::sync::LazyLock;

use actix_web::web::{Data, ServiceConfig};

use self::meta::documentation::ApiDocument;

/// Registers all routes and the OpenAPI document.
pub fn configure(config: &mut ServiceConfig) {
    config.app_data(Data::new(ApiDocument(openapi_document))).configure(routes::configure);
}

fn openapi_document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| openapi::document(routes::ROUTES));
    &DOCUMENT
}
