//! The origin of the requesting page, and whether it was reached over TLS.

use actix_web::{
    HttpRequest,
    http::header::{HOST, HeaderValue, ORIGIN},
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

/// Whether a page of this server may be taken for one of another site, because of a missing setting. Browsers say whether a
/// page has the origin that it calls, but only over TLS and on localhost.
pub fn is_misjudged(request: &HttpRequest, config: &Config) -> bool {
    let site = request.headers().get("sec-fetch-site");
    is_cross_origin(request, config) && site.map_or(config.public_url.is_none(), |site| site == "same-origin")
}

/// Whether a page of this server sent the request.
pub fn is_same_origin(request: &HttpRequest, config: &Config) -> bool {
    let origin = request.headers().get(ORIGIN).and_then(|origin| origin.to_str().ok());
    origin.is_some_and(|origin| {
        config.public_url.as_deref() == Some(origin) || is_own_host(request, origin, config)
    })
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
    let is_forwarded_https = nearest.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    is_public || (is_from_trusted_proxy(request, config) && is_forwarded_https)
}

/// Whether the client uses TLS, according to the origin of our page, but [`is_https`] does not know.
pub fn is_unknown_https(request: &HttpRequest, config: &Config) -> bool {
    let origin = request.headers().get(ORIGIN).map(HeaderValue::as_bytes).unwrap_or_default();
    !is_https(request, config) && origin.starts_with(b"https:") && is_same_origin(request, config)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        config: Config,
    }

    #[test]
    fn own_page_may_be_misjudged() {
        let open = Arguments::parse_from(["chatire"]).config;
        let named = Config { public_url: Some("https://chat.example.org".to_owned()), ..open.clone() };
        let request = |site: Option<&str>| {
            let request = TestRequest::default().insert_header((ORIGIN, "https://tea.example.org"));
            let request = request.insert_header((HOST, "127.0.0.1:8000"));
            match site {
                Some(site) => request.insert_header(("sec-fetch-site", site)).to_http_request(),
                None => request.to_http_request(),
            }
        };
        for (site, of_open, of_named) in
            [(Some("same-origin"), true, true), (Some("cross-site"), false, false), (None, true, false)]
        {
            assert!(is_cross_origin(&request(site), &open) && is_cross_origin(&request(site), &named));
            assert_eq!(is_misjudged(&request(site), &open), of_open, "{site:?}");
            assert_eq!(is_misjudged(&request(site), &named), of_named, "{site:?}");
        }
    }

    #[test]
    fn tls_without_a_named_proxy_is_unknown() {
        let open = Arguments::parse_from(["chatire"]).config;
        let named = Config { public_url: Some("https://chat.example.org".to_owned()), ..open.clone() };
        let request = |origin| {
            let request = TestRequest::default().insert_header((ORIGIN, origin));
            request.insert_header((HOST, "chat.example.org")).to_http_request()
        };
        let page = request("https://chat.example.org");
        assert!(is_unknown_https(&page, &open) && !is_unknown_https(&page, &named));
        assert!(!is_unknown_https(&request("http://chat.example.org"), &open));
        assert!(!is_unknown_https(&request("https://tea.example.org"), &open));
    }
}
