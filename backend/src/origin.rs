//! Which page asks, and whether over TLS.

use actix_web::{
    HttpRequest,
    http::header::{HOST, ORIGIN},
};
use shared::problem::ProblemCode;

use crate::{address::is_from_proxy, config::Config, problem::Error};

/// Refuses pages that are neither ours nor were configured. Programs that are no browsers name none.
pub fn check(request: &HttpRequest, config: &Config) -> Result<(), Error> {
    if is_foreign(request, config) { Err(ProblemCode::ForeignOrigin.into()) } else { Ok(()) }
}

pub fn is_foreign(request: &HttpRequest, config: &Config) -> bool {
    let Some(origin) = request.headers().get(ORIGIN) else { return false };
    let origin = origin.to_str().unwrap_or_default();
    let ours = config.public_url.iter().chain(&config.allowed_origins).any(|known| known == origin);
    !ours && !is_own_host(request, origin, config)
}

/// Where no public URL is set, the page must come from the host that the request names.
fn is_own_host(request: &HttpRequest, origin: &str, config: &Config) -> bool {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let named = origin.split_once("://").map(|(_, named)| named);
    config.public_url.is_none() && host.is_some() && host == named
}

/// Whether the browser reached us over TLS: by what the operator says, or by what a trusted proxy says.
pub fn is_https(request: &HttpRequest, config: &Config) -> bool {
    let forwarded = request.headers().get_all("x-forwarded-proto").next_back();
    let nearest = forwarded.and_then(|value| value.to_str().ok()?.split(',').next_back().map(str::trim));
    let is_public = config.public_url.as_deref().is_some_and(|url| url.starts_with("https:"));
    is_public
        || (is_from_proxy(request, config) && nearest.is_some_and(|it| it.eq_ignore_ascii_case("https")))
}
