//! Extractors for authenticated users.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};
use chrono::{DateTime, Utc};
use shared::{id::UserId, problem::ProblemCode, user::User};
use uuid::Uuid;

use super::{context::AuthContext, jwt::Claims, opaque_token::OpaqueToken};
use crate::{
    error::ApiError,
    store::{self, sessions::ActiveSession},
};

pub type ExtractFuture<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// The user who sent the request, with their own e-mail address filled in.
#[derive(Clone, Debug)]
pub struct Authenticated {
    pub user: User,
    pub claims: Claims,
}

/// The user, or none if the request carries no token. An invalid token is rejected.
#[derive(Clone, Debug)]
pub struct MaybeAuthenticated(pub Option<User>);

/// A user with an account, so not a guest.
#[derive(Clone, Debug)]
pub struct AccountHolder(pub Authenticated);

#[derive(Clone, Debug)]
pub struct Guest(pub Authenticated);

impl Authenticated {
    pub async fn from_token(auth: &AuthContext, token: &str) -> Result<Self, ApiError> {
        Self::from_claims(auth, auth.jwt_keys.verify(token)?).await
    }

    /// Fails if the session has ended or the account was deleted.
    pub async fn from_claims(auth: &AuthContext, claims: Claims) -> Result<Self, ApiError> {
        let undelivered_since = check_session(auth, claims.sid, claims.sub).await?;
        // An access token from the last refresh proves that the response with the refresh token arrived.
        if undelivered_since.is_some_and(|since| claims.orig_iat >= since.timestamp()) {
            store::refresh_tokens::confirm_delivery(&mut *auth.db.get().await?, claims.sid).await?;
        }
        Ok(Self { user: find_user(auth, claims.sub).await?, claims })
    }

    /// The user to whom a ticket was issued; without a valid one, the sender of the token.
    pub async fn from_ticket_or(
        auth: &AuthContext,
        ticket: Option<OpaqueToken>,
        by_token: Result<Self, ApiError>,
    ) -> Result<Self, ApiError> {
        match ticket.and_then(|ticket| auth.tickets.redeem(&ticket)) {
            // The session may have ended since the ticket was issued.
            Some(claims) => Self::from_claims(auth, claims).await,
            None => by_token,
        }
    }

    fn require_guest(self, guest: bool, otherwise: ProblemCode) -> Result<Self, ApiError> {
        if self.user.guest == guest { Ok(self) } else { Err(otherwise.into()) }
    }
}

/// Decides whether a session is active; nothing else does. Returns since when the delivery of its refresh token is
/// unconfirmed, if that has to be checked.
pub async fn check_session(
    auth: &AuthContext,
    id: Uuid,
    user_id: UserId,
) -> Result<Option<DateTime<Utc>>, ApiError> {
    let (owner_id, undelivered_since) = match auth.cache.session_user_id(id) {
        Some(owner_id) => (owner_id, None),
        None => load_session(auth, id).await?,
    };
    if owner_id == user_id { Ok(undelivered_since) } else { Err(ProblemCode::SessionEnded.into()) }
}

async fn load_session(auth: &AuthContext, id: Uuid) -> Result<(UserId, Option<DateTime<Utc>>), ApiError> {
    let epoch = auth.cache.epoch();
    let found = store::sessions::find_with_user(&mut *auth.db.get().await?, id).await?;
    let (ActiveSession { undelivered_since, .. }, user) = found.ok_or(ProblemCode::SessionEnded)?;
    auth.cache.insert_session(epoch, id, user.id);
    auth.cache.insert_user(epoch, &user);
    Ok((user.id, undelivered_since))
}

/// The user with their e-mail address, unless the account was deleted.
pub async fn find_user(auth: &AuthContext, id: UserId) -> Result<User, ApiError> {
    if let Some(user) = auth.cache.recent_user(id) {
        return Ok(user);
    }
    let epoch = auth.cache.epoch();
    let found = store::users::find(&mut *auth.db.get().await?, id).await?;
    let user = found.ok_or(ProblemCode::SessionEnded)?;
    auth.cache.insert_user(epoch, &user);
    Ok(user)
}

impl FromRequest for Authenticated {
    type Error = ApiError;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            Self::from_token(AuthContext::from_request(&request)?, bearer_token(&request)?).await
        })
    }
}

impl FromRequest for AccountHolder {
    type Error = ApiError;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let authenticated = Authenticated::extract(request);
        Box::pin(
            async move { authenticated.await?.require_guest(false, ProblemCode::AccountRequired).map(Self) },
        )
    }
}

impl FromRequest for Guest {
    type Error = ApiError;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let authenticated = Authenticated::extract(request);
        Box::pin(async move { authenticated.await?.require_guest(true, ProblemCode::Forbidden).map(Self) })
    }
}

impl FromRequest for MaybeAuthenticated {
    type Error = ApiError;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let has_token = request.headers().contains_key(header::AUTHORIZATION);
        let authenticated = has_token.then(|| Authenticated::extract(request));
        Box::pin(async move {
            match authenticated {
                Some(authenticated) => Ok(Self(Some(authenticated.await?.user))),
                None => Ok(Self(None)),
            }
        })
    }
}

fn bearer_token(request: &HttpRequest) -> Result<&str, ApiError> {
    let header = request.headers().get(header::AUTHORIZATION).ok_or(ProblemCode::NotAuthenticated)?;
    let (scheme, token) = header
        .to_str()
        .ok()
        .and_then(|header| header.trim().split_once(' '))
        .ok_or(ProblemCode::NotAuthenticated)?;
    let is_supported = ["JWT", "Bearer", "Token"].iter().any(|name| scheme.eq_ignore_ascii_case(name));
    if is_supported { Ok(token.trim()) } else { Err(ProblemCode::NotAuthenticated.into()) }
}
