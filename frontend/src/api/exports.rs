//! Requests for exports. `path` is that of the exports of the account, or of a chat.

use gloo_net::http::Method;
use shared::data_export::{DataExport, DataExportsResponse};
use uuid::Uuid;

use super::ApiRequest;

pub fn list_exports(path: &str) -> ApiRequest<DataExportsResponse> {
    ApiRequest::new(Method::GET, path)
}

pub fn create_export(path: &str) -> ApiRequest<DataExport> {
    ApiRequest::new(Method::POST, path)
}

/// The URL of the file, for a download by the browser.
pub fn export_file_url(path: &str, id: Uuid, ticket: &str) -> String {
    format!("{path}{id}/file/?ticket={ticket}")
}
