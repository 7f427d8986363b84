//! Warns once when requests show that a setting is missing.

use actix_web::{
    Error, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};

use crate::{
    config::Config,
    http::extract::{client_ip::is_from_trusted_proxy, origin},
    setup_warnings::{INSECURE_COOKIES, UNKNOWN_ORIGIN, UNTRUSTED_PROXY},
};

const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-forwarded-proto"];

pub async fn warn<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if let Some(config) = request.app_data::<Data<Config>>() {
        UNTRUSTED_PROXY.write_if(is_forwarded_by_untrusted(request.request(), config));
        UNKNOWN_ORIGIN.write_if(origin::is_misjudged(request.request(), config));
        INSECURE_COOKIES.write_if(origin::is_unknown_https(request.request(), config));
    }
    next.call(request).await
}

fn is_forwarded_by_untrusted(request: &HttpRequest, config: &Config) -> bool {
    FORWARDED.iter().any(|name| request.headers().contains_key(*name))
        && !is_from_trusted_proxy(request, config)
}
