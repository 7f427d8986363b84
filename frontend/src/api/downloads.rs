//! Requests for the files of messages.

use gloo_net::http::{Method, RequestBuilder};
use shared::{file::FileToken, paths};
use uuid::Uuid;

use super::{ApiRequest, RequestError};

/// Creates a token for the files of a chat.
pub fn create_file_token(uri: &str) -> ApiRequest<FileToken> {
    ApiRequest::new(Method::POST, paths::fill(paths::CHAT_FILE_TOKENS, &[uri]))
}

/// `parameter` is a further query parameter with its value.
pub fn file_url(uri: &str, id: Uuid, parameter: &str, token: &str) -> String {
    let path = paths::fill(paths::CHAT_FILE, &[uri, &id.to_string()]);
    format!("{path}?{parameter}&token={token}")
}

/// The status of a response with the file, of which it asks for one byte.
pub async fn probe_file(url: &str) -> Result<u16, RequestError> {
    let request = RequestBuilder::new(url).header("Range", "bytes=0-0");
    let response = request.send().await.map_err(|_| RequestError::Unreachable)?;
    Ok(response.status())
}
