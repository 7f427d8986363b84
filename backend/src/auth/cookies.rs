//! The two cookies: the refresh token of a session, and the id of a browser. Neither is readable by scripts or sent with
//! requests from other sites.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, CookieBuilder, SameSite, time},
};
use uuid::Uuid;

use super::opaque_token::OpaqueToken;
use crate::store::sessions::lifetime;

const REFRESH: &str = "chatire_refresh";
/// Only the token endpoints receive it.
const REFRESH_PATH: &str = "/auth/jwt/";
const BROWSER: &str = "chatire_browser";
/// The longest lifetime that browsers grant a cookie.
const BROWSER_DAYS: i64 = 400;

/// Holds the refresh token for the lifetime of the session.
pub fn refresh_cookie(token: &OpaqueToken, guest: bool, https: bool) -> Cookie<'static> {
    let days = time::Duration::days(lifetime(guest).num_days());
    build(REFRESH, token.as_str().to_owned(), REFRESH_PATH, https).max_age(days).finish()
}

/// Makes the browser delete the refresh cookie.
pub fn expired_refresh_cookie(https: bool) -> Cookie<'static> {
    build(REFRESH, String::new(), REFRESH_PATH, https).max_age(time::Duration::ZERO).finish()
}

/// Identifies the browser, independent of the user.
pub fn browser_cookie(id: Uuid, https: bool) -> Cookie<'static> {
    build(BROWSER, id.to_string(), "/", https).max_age(time::Duration::days(BROWSER_DAYS)).finish()
}

pub fn refresh_token(request: &HttpRequest) -> Option<OpaqueToken> {
    let cookie = request.cookie(REFRESH)?;
    Some(cookie.value().to_owned()).filter(|token| !token.is_empty()).map(OpaqueToken::from_client)
}

pub fn browser_id(request: &HttpRequest) -> Option<Uuid> {
    request.cookie(BROWSER)?.value().parse().ok()
}

fn build(name: &'static str, value: String, path: &'static str, https: bool) -> CookieBuilder<'static> {
    let cookie = Cookie::build(name, value).path(path).http_only(true).same_site(SameSite::Strict);
    // Browsers discard a secure cookie that they receive without TLS.
    if https { cookie.secure(true) } else { cookie }
}
