//! The calls by which one becomes known, and gets into a chat.

use gloo_net::http::Method;
use shared::{
    chat::{Join, Joined, Preview},
    credentials::{SignIn, Token},
    user::{Account, BeGuest, Begun, ChangeMe, Claim, SignUp},
};

use super::{Done, Request};

pub fn sign_up(sign_up: &SignUp) -> Request<Account> {
    Request::new(Method::POST, "/auth/users/create/".to_owned()).with(sign_up)
}

pub fn sign_in(sign_in: &SignIn) -> Request<Token> {
    Request::new(Method::POST, "/auth/jwt/create/".to_owned()).with(sign_in)
}

pub fn renew(token: String) -> Request<Token> {
    Request::new(Method::POST, "/auth/jwt/refresh/".to_owned()).with(&Token { token })
}

/// The cookie goes along by itself.
pub fn renew_by_cookie() -> Request<Token> {
    Request::new(Method::POST, "/auth/jwt/refresh/".to_owned())
}

pub fn end() -> Request<Done> {
    Request::new(Method::POST, "/auth/jwt/end/".to_owned())
}

pub fn be_guest(be_guest: &BeGuest) -> Request<Begun> {
    Request::new(Method::POST, "/auth/guest/".to_owned()).with(be_guest)
}

pub fn claim(claim: &Claim) -> Request<Begun> {
    Request::new(Method::POST, "/auth/claim/".to_owned()).with(claim)
}

pub fn change_me(change: &ChangeMe) -> Request<Account> {
    Request::new(Method::PATCH, "/auth/me/".to_owned()).with(change)
}

pub fn me() -> Request<Account> {
    Request::new(Method::GET, "/auth/me/".to_owned())
}

/// The chat as it is for somebody before its door.
pub fn preview(uri: &str) -> Request<Preview> {
    Request::new(Method::GET, format!("/api/chats/{uri}/"))
}

pub fn join(uri: &str, username: String) -> Request<Joined> {
    Request::new(Method::PATCH, format!("/api/chats/{uri}/")).with(&Join { username })
}

/// Takes back that one knocked, too.
pub fn leave(uri: &str) -> Request<Done> {
    Request::new(Method::DELETE, format!("/api/chats/{uri}/members/me/"))
}
