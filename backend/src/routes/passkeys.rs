//! Passkeys: one's own, and signing in with one.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json},
};
use serde_json::Value;
use shared::{
    credentials::Token,
    link::check_label,
    passkey::{AddPasskey, Ceremony, Passkey, Passkeys, ShowPasskey},
    problem::ProblemCode,
};
use uuid::Uuid;
use webauthn_rs_proto::{PublicKeyCredentialCreationOptions, PublicKeyCredentialRequestOptions};

use crate::{
    address::address,
    app::App,
    auth::{AccountHolder, Proven, passkeys, sessions::Beginning},
    body::{Body, Fields, FromFields},
    db,
    limits::Limit,
    problem::Error,
};

/// The caller's passkeys.
#[utoipa::path(get, path = "/auth/passkeys/", responses((status = 200, body = Passkeys)))]
pub async fn list(app: Data<App>, AccountHolder(signed_in): AccountHolder) -> Result<Json<Passkeys>, Error> {
    Ok(Json(Passkeys {
        passkeys: db::passkeys::of_user(&mut *app.db.get().await?, signed_in.user.id).await?,
    }))
}

/// What a browser needs to make a passkey.
#[utoipa::path(
    post, path = "/auth/passkeys/registrations/",
    responses((status = 200, body = Ceremony<Value>), (status = 409), (status = 501)),
)]
pub async fn begin(
    app: Data<App>,
    Proven(signed_in): Proven,
    request: HttpRequest,
) -> Result<Json<Ceremony<PublicKeyCredentialCreationOptions>>, Error> {
    let server = passkeys::server(&request, &app.config)?;
    let (handle, known) = db::passkeys::known_to(&mut *app.db.get().await?, signed_in.user.id).await?;
    let (id, options) = app.passkeys.begin_registration(&server, &signed_in.user, handle, known)?;
    Ok(Json(Ceremony { id, options }))
}

/// Keeps a passkey that the browser has made.
#[utoipa::path(
    post, path = "/auth/passkeys/",
    request_body = AddPasskey<Value>,
    responses((status = 201, body = Passkey), (status = 409), (status = 501)),
)]
pub async fn add(
    app: Data<App>,
    Proven(signed_in): Proven,
    request: HttpRequest,
    Body(AddPasskey { registration, label, credential }): Body<AddPasskey<Value>>,
) -> Result<HttpResponse, Error> {
    let (user_id, server) = (signed_in.user.id, passkeys::server(&request, &app.config)?);
    let passkey = app.passkeys.finish_registration(&server, user_id, registration, credential)?;
    let added = db::passkeys::add(&mut *app.db.get().await?, user_id, &label, &passkey).await?;
    Ok(HttpResponse::Created().json(added))
}

/// Nobody signs in with it any more.
#[utoipa::path(delete, path = "/auth/passkeys/{passkey_id}/", responses((status = 204), (status = 404)))]
pub async fn remove(
    app: Data<App>,
    Proven(signed_in): Proven,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let id = request.match_info().get("passkey_id").and_then(|id| id.parse::<Uuid>().ok());
    let id = id.ok_or(ProblemCode::NotFound)?;
    if !db::passkeys::remove(&mut *app.db.get().await?, signed_in.user.id, id).await? {
        return Err(ProblemCode::NotFound.into());
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Asks for any passkey of this server's: it says itself whose it is.
#[utoipa::path(
    post, path = "/auth/passkeys/challenges/",
    responses((status = 200, body = Ceremony<Value>), (status = 501)),
)]
pub async fn challenge(
    app: Data<App>,
    request: HttpRequest,
) -> Result<Json<Ceremony<PublicKeyCredentialRequestOptions>>, Error> {
    app.limits.of_address(Limit::SignIn, address(&request, &app.config))?;
    let (id, options) = app.passkeys.begin_challenge(&passkeys::server(&request, &app.config)?)?;
    Ok(Json(Ceremony { id, options }))
}

/// Signs in whoever shows one.
#[utoipa::path(
    post, path = "/auth/jwt/passkey/",
    request_body = ShowPasskey<Value>,
    responses((status = 200, body = Token), (status = 501)),
)]
pub async fn sign_in(
    app: Data<App>,
    request: HttpRequest,
    Body(shown): Body<ShowPasskey<Value>>,
) -> Result<HttpResponse, Error> {
    app.limits.of_address(Limit::SignIn, address(&request, &app.config))?;
    let user_id = passkeys::whose(&app, &passkeys::server(&request, &app.config)?, shown).await?;
    let session = Beginning::of(&request, &app.config);
    db::sessions::begin(&mut *app.db.get().await?, session.row(user_id)).await?;
    let token = app.keys.sign_in(user_id, session.id)?;
    Ok(session.answer(HttpResponse::Ok(), false, Token { token }))
}

impl FromFields for AddPasskey<Value> {
    fn from_fields(fields: &mut Fields) -> Self {
        Self {
            registration: fields.required_uuid("registration"),
            label: fields.text("label", check_label),
            credential: fields.object("credential"),
        }
    }
}

impl FromFields for ShowPasskey<Value> {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { challenge: fields.required_uuid("challenge"), credential: fields.object("credential") }
    }
}
