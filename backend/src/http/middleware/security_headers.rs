//! Security headers for every response.

use std::sync::OnceLock;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};

use crate::{config::Config, http::assets::content_security_policy};

/// The URI of a chat is a secret: other sites must not learn it, frame the page or index it.
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

/// Adds the headers that a response does not set itself.
pub async fn add(
    config: Data<Config>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    for (name, value) in default_headers(&config) {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

fn default_headers(config: &Config) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let public_url = config.public_url.as_deref();
    let fixed = FIXED.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    let policy = policy(public_url).map(|policy| (header::CONTENT_SECURITY_POLICY, policy));
    let is_https = public_url.is_some_and(|url| url.starts_with("https:"));
    let https = is_https.then_some((header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONE_YEAR)));
    fixed.into_iter().chain(policy).chain(https)
}

/// The policy contains the hashes of the inline scripts, which are constant in a release build only.
fn policy(public_url: Option<&str>) -> Option<HeaderValue> {
    static RELEASE: OnceLock<Option<HeaderValue>> = OnceLock::new();
    let build = || HeaderValue::from_str(&content_security_policy(public_url)).ok();
    if cfg!(debug_assertions) { build() } else { RELEASE.get_or_init(build).clone() }
}
