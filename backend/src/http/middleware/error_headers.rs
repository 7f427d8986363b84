//! Headers of error responses that depend on the request.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue},
    },
    middleware::Next,
};

/// The content type of problem documents (RFC 9457). Clients of the original expect `application/json`, so it is sent only to those
/// that ask for it.
pub const PROBLEM_JSON: &str = "application/problem+json";

pub async fn add(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let headers = request.headers();
    let accepted = headers.get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    let accepts_problem = accepted.flat_map(|value| value.split(',')).any(|kind| {
        kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(PROBLEM_JSON))
    });
    let is_encoded = headers.contains_key(CONTENT_ENCODING);
    let mut response = next.call(request).await?;
    let status = response.status();
    let headers = response.headers_mut();
    let is_json = headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if accepts_problem && is_json && (status.is_client_error() || status.is_server_error()) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    }
    // Says that the encoding was the reason, and not the content type (RFC 9110, section 15.5.16).
    if is_encoded && status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    Ok(response)
}
