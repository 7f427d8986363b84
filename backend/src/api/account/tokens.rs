//! Signing in, and verifying access tokens.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json},
};
use shared::{
    credentials::{AccessToken, AuthToken, Password, SignIn},
    paths,
    problem::{FieldCode, ProblemCode},
    user::EMAIL_MAX,
};

use super::check_given_password;
use crate::{
    auth::{
        Authenticated, jwt::TokenLifetime, passwords::VerifyResult, policy::reauth::login_origin,
        sessions::SessionStart, totp,
    },
    error::{ApiError, Rejection},
    http::extract::{
        body::{Body, FieldReader, FromFields},
        client_ip::client_ip,
    },
    rate_limit::IpLimit,
    state::AppState,
    store,
};

/// Signs in. Also sets the refresh cookie.
#[utoipa::path(
    post, path = paths::JWT_CREATE, operation_id = "createToken",
    request_body = SignIn,
    responses((status = 200, body = AccessToken)),
)]
pub async fn create(
    app: Data<AppState>,
    request: HttpRequest,
    Body(credentials): Body<SignIn>,
) -> Result<HttpResponse, ApiError> {
    let session = SessionStart::from_request(&request, &app.config);
    let token = sign_in(&app, &request, credentials, &session).await?;
    Ok(session.respond(HttpResponse::Ok(), false, AccessToken { token }))
}

/// Signs in a program: as earlier versions of the original did. The token is valid for 30 days.
#[utoipa::path(
    post, path = paths::TOKEN_CREATE, operation_id = "createProgramToken",
    request_body = SignIn,
    responses((status = 200, body = AuthToken)),
)]
pub async fn create_for_program(
    app: Data<AppState>,
    request: HttpRequest,
    Body(credentials): Body<SignIn>,
) -> Result<Json<AuthToken>, ApiError> {
    let mut session = SessionStart::from_request(&request, &app.config);
    session.token_lifetime = TokenLifetime::Program;
    let auth_token = sign_in(&app, &request, credentials, &session).await?;
    Ok(Json(AuthToken { auth_token }))
}

/// Stores the session and returns its access token.
async fn sign_in(
    app: &AppState,
    request: &HttpRequest,
    credentials: SignIn,
    session: &SessionStart,
) -> Result<String, ApiError> {
    let SignIn { username, password, one_time_code } = credentials;
    let client_ip = client_ip(request, &app.config);
    app.rate_limits.check_ip(IpLimit::SignIn, client_ip)?;
    let found = store::users::find_credentials(&mut *app.db.get().await?, &username).await?;
    let user_id = found.as_ref().map(|found| found.id);
    // Attempts by e-mail address count as attempts by username.
    let username = found.as_ref().map_or(username, |found| found.username.clone());
    let origin = login_origin(&app.auth, request, user_id, client_ip).await?;
    app.rate_limits.check_login(&username, origin)?;
    let stored = found.as_ref().and_then(|found| found.password_hash.clone());
    let result = app.auth.passwords.verify(password.clone(), stored.clone()).await?;
    let hash = stored.filter(|_| result != VerifyResult::Invalid).ok_or(ProblemCode::WrongCredentials)?;
    let (id, version) = found.map(|found| (found.id, found.credentials_version)).unwrap_or_default();
    totp::verify_code(&app.auth, id, one_time_code.as_deref()).await?;
    app.rate_limits.reset_login(&username, origin);
    if result == VerifyResult::ValidButOutdated {
        let new_hash = app.auth.passwords.hash(password).await?;
        store::users::replace_password_hash(&mut *app.db.get().await?, id, [&hash, &new_hash]).await?;
    }
    if !store::sessions::start(&mut *app.db.get().await?, session.new_session(id), version).await? {
        return Err(ProblemCode::WrongCredentials.into());
    }
    app.auth.jwt_keys.issue(id, session.id, session.token_lifetime)
}

/// Verifies an access token.
#[utoipa::path(
    post, path = paths::JWT_VERIFY, operation_id = "verifyToken",
    request_body = AccessToken,
    responses((status = 200, body = AccessToken)),
)]
pub async fn verify(
    app: Data<AppState>,
    Body(AccessToken { token }): Body<AccessToken>,
) -> Result<Json<AccessToken>, ApiError> {
    authenticate_body_token(&app, &token).await?;
    Ok(Json(AccessToken { token }))
}

/// An invalid token in the body is an invalid request (400) as in the original, and not a missing authentication.
pub(super) async fn authenticate_body_token(app: &AppState, token: &str) -> Result<Authenticated, ApiError> {
    Authenticated::from_token(&app.auth, token).await.map_err(|error| {
        let problem = error.problem();
        match problem.status {
            401 => Rejection::new(ProblemCode::TokenRejected).detail(problem.detail).into(),
            _ => error,
        }
    })
}

impl FromFields for SignIn {
    fn from_fields(fields: &mut FieldReader) -> Self {
        let username = fields.text("username", check_login_name);
        let password = Password(fields.text("password", check_given_password));
        Self { username, password, one_time_code: fields.optional_text("one_time_code", |_| Ok(())) }
    }
}

/// Accepts every username and e-mail address that an account can have.
fn check_login_name(name: &str) -> Result<(), FieldCode> {
    if name.is_empty() {
        Err(FieldCode::Blank)
    } else if name.chars().count() > EMAIL_MAX {
        Err(FieldCode::TooLong)
    } else {
        Ok(())
    }
}

impl FromFields for AccessToken {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self { token: fields.text("token", check_not_empty) }
    }
}

pub(super) fn check_not_empty(text: &str) -> Result<(), FieldCode> {
    if text.is_empty() { Err(FieldCode::Blank) } else { Ok(()) }
}
