//! The headers that every response carries.

use std::sync::OnceLock;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};

use crate::{app::App, assets::content_security_policy};

/// A chat's address is a secret, so no other site may learn it, frame the page, or index it.
const FIXED: [(&str, &str); 6] = [
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-robots-tag", "noindex"),
];
const ONE_YEAR: &str = "max-age=31536000; includeSubDomains";

pub async fn add(
    app: Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let public_url = app.config.public_url.as_deref();
    // A file that is only to be saved says so itself.
    if let Some(policy) =
        policy(public_url).filter(|_| !headers.contains_key(header::CONTENT_SECURITY_POLICY))
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if public_url.is_some_and(|url| url.starts_with("https:")) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONE_YEAR));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// The policy names the client's inline scripts, which stay the same in a release and not while one develops.
fn policy(public_url: Option<&str>) -> Option<HeaderValue> {
    static RELEASED: OnceLock<Option<HeaderValue>> = OnceLock::new();
    let make = || HeaderValue::from_str(&content_security_policy(public_url)).ok();
    if cfg!(debug_assertions) { make() } else { RELEASED.get_or_init(make).clone() }
}
