//! What an account asks for beside its password: turning it on, off, and the codes for when it is lost.

use actix_web::{
    HttpResponse,
    web::{Data, Json},
};
use shared::{
    problem::{FieldCode, ProblemCode},
    second_factor::{Confirm, Enrolment, RecoveryCodes, SecondFactor},
};

use crate::{
    app::App,
    auth::{
        AccountHolder, Proven,
        recovery_code::{self, COUNT},
        second_factor::{self, SECRET_BYTES, purpose, totp},
    },
    body::{Body, Fields, FromFields},
    db,
    limits::Place,
    problem::Error,
};

/// Whether a code is asked for, and how many recovery codes are left.
#[utoipa::path(get, path = "/auth/second_factor/", responses((status = 200, body = SecondFactor)))]
pub async fn show(
    app: Data<App>,
    AccountHolder(signed_in): AccountHolder,
) -> Result<Json<SecondFactor>, Error> {
    let (user_id, mut connection) = (signed_in.user.id, app.db.get().await?);
    let on = db::second_factors::find(&mut connection, user_id).await?.is_some_and(|factor| factor.confirmed);
    let left = db::second_factors::count_codes(&mut connection, user_id).await?;
    Ok(Json(SecondFactor { on, recovery_codes: u32::try_from(left).unwrap_or_default() }))
}

/// Begins: a device may make codes from now on, but nothing asks for them yet.
#[utoipa::path(
    post, path = "/auth/second_factor/",
    responses((status = 200, body = Enrolment), (status = 409)),
)]
pub async fn begin(app: Data<App>, Proven(signed_in): Proven) -> Result<Json<Enrolment>, Error> {
    let (user, secret) = (signed_in.user, rand::random::<[u8; SECRET_BYTES]>());
    let sealed = app.sealing.seal(&purpose(user.id), &secret)?;
    if !db::second_factors::begin(&mut *app.db.get().await?, user.id, &sealed).await? {
        return Err(ProblemCode::Conflict.into());
    }
    let totp = totp(&secret, &user.username)?;
    let uri = totp.to_url().map_err(|error| anyhow::anyhow!("no address can be made: {error}"))?;
    Ok(Json(Enrolment { secret: totp.secret().to_base32(), uri }))
}

/// A device shows that it makes the right codes; from now on they are asked for.
#[utoipa::path(
    put, path = "/auth/second_factor/",
    request_body = Confirm,
    responses((status = 200, body = RecoveryCodes), (status = 409)),
)]
pub async fn confirm(
    app: Data<App>,
    Proven(signed_in): Proven,
    Body(Confirm { one_time_code }): Body<Confirm>,
) -> Result<Json<RecoveryCodes>, Error> {
    let (user_id, username) = (signed_in.user.id, &signed_in.user.username);
    app.limits.try_account(username, Place::Session(signed_in.claims.sid))?;
    let factor = db::second_factors::find(&mut *app.db.get().await?, user_id).await?;
    let factor = factor.filter(|factor| !factor.confirmed).ok_or(ProblemCode::Conflict)?;
    if !second_factor::is_right(&app, user_id, &factor, &one_time_code).await? {
        return Err(second_factor::wrong());
    }
    app.limits.succeed(username, Place::Session(signed_in.claims.sid));
    let (codes, hashes) = fresh_codes();
    if !db::second_factors::confirm(&mut *app.db.get().await?, user_id, &hashes).await? {
        return Err(ProblemCode::Conflict.into());
    }
    Ok(Json(RecoveryCodes { codes }))
}

/// Nothing is asked for any more beside the password.
#[utoipa::path(delete, path = "/auth/second_factor/", responses((status = 204)))]
pub async fn turn_off(app: Data<App>, Proven(signed_in): Proven) -> Result<HttpResponse, Error> {
    db::second_factors::remove(&mut *app.db.get().await?, signed_in.user.id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Other recovery codes in the place of those there are.
#[utoipa::path(
    post, path = "/auth/recovery_codes/",
    responses((status = 200, body = RecoveryCodes), (status = 409)),
)]
pub async fn renew_codes(app: Data<App>, Proven(signed_in): Proven) -> Result<Json<RecoveryCodes>, Error> {
    let (codes, hashes) = fresh_codes();
    if !db::second_factors::renew_codes(&mut *app.db.get().await?, signed_in.user.id, &hashes).await? {
        return Err(ProblemCode::Conflict.into());
    }
    Ok(Json(RecoveryCodes { codes }))
}

fn fresh_codes() -> (Vec<String>, Vec<Vec<u8>>) {
    let codes: Vec<_> = (0..COUNT).map(|_| recovery_code::fresh()).collect();
    let hashes = codes.iter().map(|code| recovery_code::hash(code)).collect();
    (codes, hashes)
}

impl FromFields for Confirm {
    fn from_fields(fields: &mut Fields) -> Self {
        let check = |text: &str| if text.trim().is_empty() { Err(FieldCode::Blank) } else { Ok(()) };
        Self { one_time_code: fields.text("one_time_code", check) }
    }
}
