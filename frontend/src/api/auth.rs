//! Requests for signing up and in, for the token, and for joining a chat.

use gloo_net::http::Method;
use shared::{
    chat::{ChatPreview, JoinChat, JoinResponse},
    credentials::{AccessToken, SignIn},
    paths,
    user::{Account, ClaimAccount, CreateGuest, SessionCreated, SignUp, UpdateProfile},
};

use super::{ApiRequest, Empty};

pub fn sign_up(sign_up: &SignUp) -> ApiRequest<Account> {
    ApiRequest::new(Method::POST, paths::USERS_CREATE).with_json(sign_up)
}

pub fn sign_in(sign_in: &SignIn) -> ApiRequest<AccessToken> {
    ApiRequest::new(Method::POST, paths::JWT_CREATE).with_json(sign_in)
}

pub fn refresh_token(token: String) -> ApiRequest<AccessToken> {
    ApiRequest::new(Method::POST, paths::JWT_REFRESH).with_json(&AccessToken { token })
}

/// The browser sends the cookie by itself.
pub fn refresh_token_by_cookie() -> ApiRequest<AccessToken> {
    ApiRequest::new(Method::POST, paths::JWT_REFRESH)
}

pub fn sign_out() -> ApiRequest<Empty> {
    ApiRequest::new(Method::POST, paths::JWT_END)
}

pub fn create_guest(guest: &CreateGuest) -> ApiRequest<SessionCreated> {
    ApiRequest::new(Method::POST, paths::GUEST).with_json(guest)
}

pub fn claim_account(claim: &ClaimAccount) -> ApiRequest<SessionCreated> {
    ApiRequest::new(Method::POST, paths::CLAIM).with_json(claim)
}

pub fn update_profile(change: &UpdateProfile) -> ApiRequest<Account> {
    ApiRequest::new(Method::PATCH, paths::ME).with_json(change)
}

pub fn get_profile() -> ApiRequest<Account> {
    ApiRequest::new(Method::GET, paths::ME)
}

/// The chat as non-members see it.
pub fn get_chat_preview(uri: &str) -> ApiRequest<ChatPreview> {
    ApiRequest::new(Method::GET, paths::fill(paths::CHAT, &[uri]))
}

pub fn join_chat(uri: &str, username: String) -> ApiRequest<JoinResponse> {
    ApiRequest::new(Method::PATCH, paths::fill(paths::CHAT, &[uri]))
        .with_json(&JoinChat { username: Some(username) })
}

/// Also cancels a join request.
pub fn leave_chat(uri: &str) -> ApiRequest<Empty> {
    ApiRequest::new(Method::DELETE, paths::fill(paths::CHAT_MY_MEMBERSHIP, &[uri]))
}
