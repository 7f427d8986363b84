//! Security headers: a few for every response, more for pages.

use std::sync::OnceLock;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};

use crate::{config::Config, http::assets::content_security_policy};

const COMMON_HEADERS: [(&str, &str); 3] = [
    ("x-content-type-options", "nosniff"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
];
/// The URI of a chat is a secret: other sites must not learn it, frame the page or index it.
const PAGE_HEADERS: [(&str, &str); 4] = [
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("x-robots-tag", "noindex"),
];
/// Only a page loads anything, and files do so under the policy of their page.
const NON_PAGE_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const ONE_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// Adds the headers that a response does not set itself.
pub async fn add(
    config: Data<Config>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    for (name, value) in default_headers(&config, is_page(headers)) {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

fn is_page(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn default_headers(config: &Config, is_page: bool) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let public_url = config.public_url.as_deref();
    let fixed = COMMON_HEADERS.iter().chain(if is_page { &PAGE_HEADERS[..] } else { &[] });
    let fixed = fixed.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    let policy = if is_page { page_policy(public_url) } else { Some(NON_PAGE_POLICY) };
    let is_https = public_url.is_some_and(|url| url.starts_with("https:"));
    let https = is_https.then_some((header::STRICT_TRANSPORT_SECURITY, ONE_YEAR));
    fixed.chain(policy.map(|policy| (header::CONTENT_SECURITY_POLICY, policy))).chain(https)
}

/// The policy contains the hashes of the inline scripts, which are constant in a release build only.
fn page_policy(public_url: Option<&str>) -> Option<HeaderValue> {
    static RELEASE: OnceLock<Option<HeaderValue>> = OnceLock::new();
    let build = || HeaderValue::from_str(&content_security_policy(public_url)).ok();
    if cfg!(debug_assertions) { build() } else { RELEASE.get_or_init(build).clone() }
}
