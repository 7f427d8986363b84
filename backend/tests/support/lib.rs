//! Fixtures and helpers of the tests that use a server over HTTP and WebSockets.
#![allow(dead_code, unused_imports, reason = "each test binary uses a part")]

mod app;
pub mod authenticator;
mod cleanup;
pub mod database;
mod database_proxy;
mod event_stream;
mod files;
mod http;
mod images;
mod log_capture;
mod log_folder;
mod openapi;
mod raw_http;
pub mod raw_websocket;
pub mod smtp;
mod user;
mod websocket;

pub use self::{
    app::{ALLOWED_ORIGIN, PASSWORD, TestApp},
    event_stream::EventStream,
    files::{Download, file_path},
    http::{ApiRequest, ApiResponse, CLEARED_COOKIE, HttpClient, assert_security_headers, field_names},
    images::png,
    raw_http::RawHttp,
    user::{TestChat, TestUser, events_with_author, role_of},
    websocket::{HandshakeError, Rejection, TEST_TIMEOUT, WsClient, open_websocket},
};
