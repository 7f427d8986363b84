//! Starting a session: its row, its refresh token, and the cookies for the browser.

use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use shared::id::UserId;
use uuid::Uuid;

use super::{cookies, jwt::TokenLifetime, opaque_token::OpaqueToken, user_agent::ClientInfo};
use crate::{
    config::Config,
    http::extract::origin::{is_cross_origin, is_https, is_same_origin},
    store::sessions::{NewSession, SessionDetails},
};

/// A session that is about to be stored.
#[derive(Clone)]
pub struct SessionStart {
    pub id: Uuid,
    refresh_token: OpaqueToken,
    browser_id: Uuid,
    client: ClientInfo,
    is_https: bool,
    /// A page of another site may sign a user in, but must not leave cookies in the browser.
    is_cross_origin: bool,
    /// For the access token that is issued with the session.
    pub token_lifetime: TokenLifetime,
}

impl SessionStart {
    pub fn from_request(request: &HttpRequest, config: &Config) -> Self {
        Self {
            id: Uuid::new_v4(),
            refresh_token: OpaqueToken::generate(),
            browser_id: cookies::browser_id(request).unwrap_or_else(Uuid::new_v4),
            client: ClientInfo::from_request(request),
            is_https: is_https(request, config),
            is_cross_origin: is_cross_origin(request, config),
            token_lifetime: if is_same_origin(request, config) {
                TokenLifetime::Page
            } else {
                TokenLifetime::Program
            },
        }
    }

    pub fn new_session(&self, user_id: UserId) -> NewSession {
        NewSession { user_id, details: self.details() }
    }

    pub fn details(&self) -> SessionDetails {
        let ClientInfo { user_agent, os } = self.client.clone();
        SessionDetails {
            id: self.id,
            refresh_hash: self.refresh_token.hash(),
            browser_id: (!self.is_cross_origin).then_some(self.browser_id),
            user_agent,
            os,
        }
    }

    /// The response to the sign-in, with the cookies.
    pub fn respond(
        &self,
        mut response: HttpResponseBuilder,
        guest: bool,
        body: impl Serialize,
    ) -> HttpResponse {
        if !self.is_cross_origin {
            response.cookie(cookies::refresh_cookie(&self.refresh_token, guest, self.is_https));
            response.cookie(cookies::browser_cookie(self.browser_id, self.is_https));
        }
        response.json(body)
    }
}
