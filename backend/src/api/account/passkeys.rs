//! Managing passkeys, and signing in with one.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json},
};
use serde_json::Value;
use shared::{
    credentials::AccessToken,
    invite_link::check_label,
    passkey::{
        PASSKEYS_MAX, Passkey, PasskeyAssertion, PasskeysResponse, RegisterPasskey, WebauthnChallenge,
    },
    paths,
    problem::ProblemCode,
};
use webauthn_rs_proto::{PublicKeyCredentialCreationOptions, PublicKeyCredentialRequestOptions};

use crate::{
    auth::{AccountHolder, Authorized, RecentlyAuthenticated, passkeys, sessions::SessionStart},
    error::{ApiError, Rejection},
    http::extract::{
        body::{Body, FieldReader, FromFields},
        client_ip::client_ip,
        path_parameter,
    },
    rate_limit::IpLimit,
    state::AppState,
    store,
};

/// Lists the caller's passkeys.
#[utoipa::path(
    get, path = paths::PASSKEYS, operation_id = "listPasskeys",
    responses((status = 200, body = PasskeysResponse)),
)]
pub async fn list(
    app: Data<AppState>,
    AccountHolder(authenticated): AccountHolder,
) -> Result<Json<PasskeysResponse>, ApiError> {
    Ok(Json(PasskeysResponse {
        passkeys: store::passkeys::list_for_user(&mut *app.db.get().await?, authenticated.user.id).await?,
    }))
}

/// Starts the registration of a passkey.
#[utoipa::path(
    post, path = paths::PASSKEY_REGISTRATIONS, operation_id = "beginPasskeyRegistration",
    responses((status = 200, body = WebauthnChallenge<Value>), (status = 409), (status = 501)),
)]
pub async fn begin_registration(
    app: Data<AppState>,
    RecentlyAuthenticated(authenticated): RecentlyAuthenticated,
    request: HttpRequest,
) -> Result<Json<WebauthnChallenge<PublicKeyCredentialCreationOptions>>, ApiError> {
    let relying_party = passkeys::relying_party(&request, &app.config)?;
    let mut connection = app.db.get().await?;
    let (handle, existing) =
        store::passkeys::find_handle_and_credentials(&mut connection, authenticated.user.id).await?;
    drop(connection);
    let (id, options) =
        app.auth.passkeys.begin_registration(&relying_party, &authenticated.user, handle, existing)?;
    Ok(Json(WebauthnChallenge { id, options }))
}

/// Finishes the registration of a passkey.
#[utoipa::path(
    post, path = paths::PASSKEYS, operation_id = "registerPasskey",
    request_body = RegisterPasskey<Value>,
    responses((status = 201, body = Passkey), (status = 409), (status = 501)),
)]
pub async fn register(
    app: Data<AppState>,
    request: HttpRequest,
    Authorized(RecentlyAuthenticated(authenticated), passkey): Authorized<
        RecentlyAuthenticated,
        RegisterPasskey<Value>,
    >,
) -> Result<HttpResponse, ApiError> {
    let RegisterPasskey { registration, label, credential } = passkey;
    let (user_id, relying_party) = (authenticated.user.id, passkeys::relying_party(&request, &app.config)?);
    let passkey = app.auth.passkeys.finish_registration(&relying_party, user_id, registration, credential)?;
    let added = store::passkeys::insert(&mut *app.db.get().await?, user_id, &label, &passkey).await?;
    let added = added.ok_or_else(|| {
        let detail = format!("An account has at most {PASSKEYS_MAX} passkeys. Remove one first.");
        Rejection::new(ProblemCode::Conflict).detail(detail)
    })?;
    Ok(HttpResponse::Created().json(added))
}

/// Removes a passkey.
#[utoipa::path(
    delete, path = paths::PASSKEY, operation_id = "removePasskey",
    responses((status = 204), (status = 404)),
)]
pub async fn remove(
    app: Data<AppState>,
    RecentlyAuthenticated(authenticated): RecentlyAuthenticated,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = path_parameter(&request, "passkey_id")?;
    if !store::passkeys::delete(&mut *app.db.get().await?, authenticated.user.id, id).await? {
        return Err(ProblemCode::NotFound.into());
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Starts a sign-in with a passkey. The passkey identifies the user.
#[utoipa::path(
    post, path = paths::PASSKEY_CHALLENGES, operation_id = "beginPasskeyAuthentication",
    responses((status = 200, body = WebauthnChallenge<Value>), (status = 501)),
)]
pub async fn begin_authentication(
    app: Data<AppState>,
    request: HttpRequest,
) -> Result<Json<WebauthnChallenge<PublicKeyCredentialRequestOptions>>, ApiError> {
    app.rate_limits.check_ip(IpLimit::SignIn, client_ip(&request, &app.config))?;
    let (id, options) =
        app.auth.passkeys.begin_authentication(&passkeys::relying_party(&request, &app.config)?)?;
    Ok(Json(WebauthnChallenge { id, options }))
}

/// Signs in with a passkey.
#[utoipa::path(
    post, path = paths::JWT_PASSKEY, operation_id = "signInWithPasskey",
    request_body = PasskeyAssertion<Value>,
    responses((status = 200, body = AccessToken), (status = 501)),
)]
pub async fn sign_in(
    app: Data<AppState>,
    request: HttpRequest,
    Body(assertion): Body<PasskeyAssertion<Value>>,
) -> Result<HttpResponse, ApiError> {
    app.rate_limits.check_ip(IpLimit::SignIn, client_ip(&request, &app.config))?;
    let relying_party = passkeys::relying_party(&request, &app.config)?;
    let passkey = app.auth.passkeys.authenticate(&app.db, &relying_party, assertion).await?;
    let (user_id, version) = (passkey.user_id, passkey.credentials_version);
    let session = SessionStart::from_request(&request, &app.config);
    let new_session = session.new_session(user_id);
    if !store::sessions::start(&mut *app.db.get().await?, new_session, version).await? {
        return Err(ProblemCode::PasskeyRejected.into());
    }
    let token = app.auth.jwt_keys.issue(user_id, session.id, session.token_lifetime)?;
    Ok(session.respond(HttpResponse::Ok(), false, AccessToken { token }))
}

impl FromFields for RegisterPasskey<Value> {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self {
            registration: fields.required_uuid("registration"),
            label: fields.text("label", check_label),
            credential: fields.object("credential"),
        }
    }
}

impl FromFields for PasskeyAssertion<Value> {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self { challenge: fields.required_uuid("challenge"), credential: fields.object("credential") }
    }
}
