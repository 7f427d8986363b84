//! Refreshing access tokens.

use actix_web::{HttpRequest, HttpResponse, ResponseError, web::Data};
use shared::{
    credentials::{AccessToken, TokenRefreshed},
    paths,
    problem::{FieldCode, ProblemCode},
};

use super::{
    sessions,
    tokens::{authenticate_body_token, check_not_empty},
};
use crate::{
    auth::{
        Authenticated, cookies,
        jwt::TokenLifetime,
        opaque_token::OpaqueToken,
        refresh_tokens::{Redemption, find_session, redeem},
    },
    error::{ApiError, Rejection},
    http::extract::{
        body::{Body, FieldReader, FromFields},
        origin::{self, is_https},
    },
    state::AppState,
    store::{self, sessions::ActiveSession},
};

/// At most one of the two fields, which must not be empty.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only used for the OpenAPI description")]
struct RefreshRequest {
    /// A valid access token.
    token: Option<String>,
    /// The refresh token from the previous response. The first one is in the cookie.
    refresh: Option<String>,
}

/// The credential of a refresh.
pub enum RefreshCredential {
    /// A valid access token, as in the original.
    AccessToken(String),
    /// A refresh token in the body, for programs without cookies.
    RefreshToken(OpaqueToken),
    Cookie,
}

/// Issues a new access token for a valid access token, for a refresh token in the body, or for the refresh cookie.
#[utoipa::path(
    post, path = paths::JWT_REFRESH, operation_id = "refreshToken",
    request_body = RefreshRequest,
    responses((status = 200, body = TokenRefreshed), (status = 403)),
)]
pub async fn refresh(
    app: Data<AppState>,
    request: HttpRequest,
    Body(credential): Body<RefreshCredential>,
) -> Result<HttpResponse, ApiError> {
    origin::check(&request, &app.config)?;
    match (credential, cookies::refresh_token(&request)) {
        (RefreshCredential::AccessToken(token), _) => refresh_by_access_token(&app, &token).await,
        (RefreshCredential::RefreshToken(token), _) => {
            let Rotation { access_token: token, refresh_token, .. } = rotate(&app, &token).await?;
            let refresh = Some(refresh_token.as_str().to_owned());
            Ok(HttpResponse::Ok().json(TokenRefreshed { token, refresh }))
        }
        (RefreshCredential::Cookie, Some(token)) => {
            refresh_by_cookie(&app, &token, is_https(&request, &app.config)).await
        }
        // The error of the original, which has no cookie.
        (RefreshCredential::Cookie, None) => Err(Rejection::field("token", FieldCode::Required).into()),
    }
}

async fn refresh_by_access_token(app: &AppState, token: &str) -> Result<HttpResponse, ApiError> {
    let Authenticated { claims, .. } = authenticate_body_token(app, token).await?;
    app.rate_limits.check_refresh(claims.sid)?;
    let token = app.auth.jwt_keys.refresh(&claims)?;
    store::sessions::touch(&mut *app.db.get().await?, claims.sid).await?;
    Ok(HttpResponse::Ok().json(AccessToken { token }))
}

/// The tokens after a rotation.
struct Rotation {
    access_token: String,
    refresh_token: OpaqueToken,
    guest: bool,
}

async fn rotate(app: &AppState, token: &OpaqueToken) -> Result<Rotation, ApiError> {
    let mut connection = app.db.get().await?;
    if let Some(session) = find_session(&mut connection, token).await? {
        app.rate_limits.check_refresh(session.id)?;
    }
    match redeem(&mut connection, token).await? {
        Redemption::Rotated(ActiveSession { id, user_id, guest, .. }, refresh_token) => {
            // The next request with the new access token confirms the delivery, which needs a query.
            app.auth.cache.invalidate_session(id);
            Ok(Rotation {
                access_token: app.auth.jwt_keys.issue(user_id, id, TokenLifetime::Page)?,
                refresh_token,
                guest,
            })
        }
        Redemption::Replayed(session) => {
            tracing::warn!("ended a session because a spent refresh token was used again");
            sessions::invalidate_sessions(app, &[session]);
            let rejection = Rejection::new(ProblemCode::TokenRejected);
            Err(rejection.detail("This token was used before. The session has ended.").into())
        }
        Redemption::Unknown => Err(ProblemCode::TokenRejected.into()),
    }
}

/// Replaces the cookie, or removes it if the session has ended.
async fn refresh_by_cookie(
    app: &AppState,
    token: &OpaqueToken,
    https: bool,
) -> Result<HttpResponse, ApiError> {
    match rotate(app, token).await {
        Ok(Rotation { access_token: token, refresh_token, guest }) => {
            let cookie = cookies::refresh_cookie(&refresh_token, guest, https);
            Ok(HttpResponse::Ok().cookie(cookie).json(AccessToken { token }))
        }
        Err(error) if error.code() == ProblemCode::TokenRejected => {
            let mut response = error.error_response();
            let cleared = response.add_cookie(&cookies::expired_refresh_cookie(https));
            cleared.map_err(|error| ApiError::Internal(error.into()))?;
            Ok(response)
        }
        Err(error) => Err(error),
    }
}

impl FromFields for RefreshCredential {
    fn from_fields(fields: &mut FieldReader) -> Self {
        if fields.has("refresh") {
            Self::RefreshToken(OpaqueToken::from_client(fields.text("refresh", check_not_empty)))
        } else if fields.has("token") {
            Self::AccessToken(fields.text("token", check_not_empty))
        } else {
            Self::Cookie
        }
    }
}
