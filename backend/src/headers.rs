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
const FIXED: [(&str, &str); 7] = [
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-robots-tag", "noindex"),
    ("cache-control", "no-store"),
];
const ONE_YEAR: &str = "max-age=31536000; includeSubDomains";

/// Adds them to an answer; what it says of itself stays.
pub async fn add(
    app: Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    for (name, value) in of_every_answer(&app) {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

/// What an answer carries that says nothing else.
pub fn of_every_answer(app: &App) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let public_url = app.config.public_url.as_deref();
    let fixed = FIXED.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    let policy = policy(public_url).map(|policy| (header::CONTENT_SECURITY_POLICY, policy));
    let is_https = public_url.is_some_and(|url| url.starts_with("https:"));
    let https = is_https.then_some((header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONE_YEAR)));
    fixed.into_iter().chain(policy).chain(https)
}

/// The policy names the client's inline scripts, which stay the same in a release and not while one develops.
fn policy(public_url: Option<&str>) -> Option<HeaderValue> {
    static RELEASED: OnceLock<Option<HeaderValue>> = OnceLock::new();
    let make = || HeaderValue::from_str(&content_security_policy(public_url)).ok();
    if cfg!(debug_assertions) { make() } else { RELEASED.get_or_init(make).clone() }
}
