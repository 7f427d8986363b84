//! The two cookies: what goes on with a session, and what tells one browser from another. No script can read either, and
//! no other site's page can send them.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, CookieBuilder, SameSite, time},
};
use uuid::Uuid;

use crate::{db::sessions::life, secret::Secret};

const REFRESH: &str = "chatire_refresh";
/// Only the calls about tokens get it.
const REFRESH_PATH: &str = "/auth/jwt/";
const BROWSER: &str = "chatire_browser";
/// As long as browsers keep any cookie.
const BROWSER_DAYS: i64 = 400;

/// Holds what gets further tokens, for as long as the session lives.
pub fn refresh(secret: &Secret, guest: bool, https: bool) -> Cookie<'static> {
    let days = time::Duration::days(life(guest).num_days());
    build(REFRESH, secret.text().to_owned(), REFRESH_PATH, https).max_age(days).finish()
}

/// Takes that back.
pub fn forgotten(https: bool) -> Cookie<'static> {
    build(REFRESH, String::new(), REFRESH_PATH, https).max_age(time::Duration::ZERO).finish()
}

/// Tells a browser from others, whoever uses it.
pub fn browser(id: Uuid, https: bool) -> Cookie<'static> {
    build(BROWSER, id.to_string(), "/", https).max_age(time::Duration::days(BROWSER_DAYS)).finish()
}

/// What a browser shows to get a further token.
pub fn secret_of(request: &HttpRequest) -> Option<Secret> {
    let cookie = request.cookie(REFRESH)?;
    Some(cookie.value().to_owned()).filter(|secret| !secret.is_empty()).map(Secret::shown)
}

/// Which browser asks, if it has been here before.
pub fn browser_of(request: &HttpRequest) -> Option<Uuid> {
    request.cookie(BROWSER)?.value().parse().ok()
}

fn build(name: &'static str, value: String, path: &'static str, https: bool) -> CookieBuilder<'static> {
    let cookie = Cookie::build(name, value).path(path).http_only(true).same_site(SameSite::Strict);
    // Without TLS a browser would throw a secure cookie away.
    if https { cookie.secure(true) } else { cookie }
}
