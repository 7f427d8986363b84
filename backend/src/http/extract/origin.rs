//! The origin of the requesting page, and whether it was reached over TLS.

use actix_web::{
    HttpRequest,
    http::header::{HOST, ORIGIN},
};
use shared::problem::ProblemCode;

use crate::{config::Config, error::ApiError, http::extract::client_ip::is_from_trusted_proxy};

/// Rejects pages of origins that are not allowed. Programs other than browsers send no origin.
pub fn check(request: &HttpRequest, config: &Config) -> Result<(), ApiError> {
    if is_cross_origin(request, config) { Err(ProblemCode::CrossOriginForbidden.into()) } else { Ok(()) }
}

pub fn is_cross_origin(request: &HttpRequest, config: &Config) -> bool {
    let Some(origin) = request.headers().get(ORIGIN) else { return false };
    let origin = origin.to_str().unwrap_or_default();
    let is_allowed = config.public_url.iter().chain(&config.allowed_origins).any(|allowed| allowed == origin);
    !is_allowed && !is_own_host(request, origin, config)
}

/// Without a public URL, the origin must match the `Host` header.
fn is_own_host(request: &HttpRequest, origin: &str, config: &Config) -> bool {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let origin_host = origin.split_once("://").map(|(_, host)| host);
    config.public_url.is_none() && host.is_some() && host == origin_host
}

/// Whether the client uses TLS, according to the public URL or a trusted proxy.
pub fn is_https(request: &HttpRequest, config: &Config) -> bool {
    let forwarded = request.headers().get_all("x-forwarded-proto").next_back();
    let nearest = forwarded.and_then(|value| value.to_str().ok()?.split(',').next_back().map(str::trim));
    let is_public = config.public_url.as_deref().is_some_and(|url| url.starts_with("https:"));
    is_public
        || (is_from_trusted_proxy(request, config)
            && nearest.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")))
}
