//! Managing the second factor and its recovery codes.

use actix_web::{
    HttpResponse,
    web::{Data, Json},
};
use shared::{
    paths,
    problem::{FieldCode, ProblemCode},
    second_factor::{ConfirmSecondFactor, RecoveryCodes, SecondFactorStatus, TotpEnrolment},
};

use crate::{
    auth::{
        AccountHolder, Authorized, RecentlyAuthenticated,
        recovery_code::{self, COUNT},
        totp::{self, SECRET_BYTES, build_totp, sealing_purpose},
    },
    error::ApiError,
    http::extract::body::{FieldReader, FromFields},
    rate_limit::LoginOrigin,
    state::AppState,
    store,
};

/// Shows whether the second factor is on, and how many recovery codes are left.
#[utoipa::path(
    get, path = paths::SECOND_FACTOR, operation_id = "getSecondFactor",
    responses((status = 200, body = SecondFactorStatus)),
)]
pub async fn show(
    app: Data<AppState>,
    AccountHolder(authenticated): AccountHolder,
) -> Result<Json<SecondFactorStatus>, ApiError> {
    let (user_id, mut connection) = (authenticated.user.id, app.db.get().await?);
    let on =
        store::second_factors::find(&mut connection, user_id).await?.is_some_and(|factor| factor.confirmed);
    let left = store::second_factors::count_recovery_codes(&mut connection, user_id).await?;
    Ok(Json(SecondFactorStatus { on, recovery_codes: u32::try_from(left).unwrap_or_default() }))
}

/// Starts the setup of an authenticator app. Codes are not required before it is confirmed.
#[utoipa::path(
    post, path = paths::SECOND_FACTOR, operation_id = "enrollSecondFactor",
    responses((status = 200, body = TotpEnrolment), (status = 409)),
)]
pub async fn enroll(
    app: Data<AppState>,
    RecentlyAuthenticated(authenticated): RecentlyAuthenticated,
) -> Result<Json<TotpEnrolment>, ApiError> {
    let (user, secret) = (authenticated.user, rand::random::<[u8; SECRET_BYTES]>());
    let sealed = app.auth.secret_box.seal(&sealing_purpose(user.id), &secret)?;
    if !store::second_factors::enroll(&mut *app.db.get().await?, user.id, &sealed).await? {
        return Err(ProblemCode::Conflict.into());
    }
    let totp = build_totp(&secret, &user.username)?;
    let uri = totp.to_url().map_err(|error| anyhow::anyhow!("cannot build the otpauth URL: {error}"))?;
    Ok(Json(TotpEnrolment { secret: totp.secret().to_base32(), uri }))
}

/// Turns the second factor on, with a first code from the authenticator app.
#[utoipa::path(
    put, path = paths::SECOND_FACTOR, operation_id = "confirmSecondFactor",
    request_body = ConfirmSecondFactor,
    responses((status = 200, body = RecoveryCodes), (status = 409)),
)]
pub async fn confirm(
    app: Data<AppState>,
    Authorized(RecentlyAuthenticated(authenticated), confirmation): Authorized<
        RecentlyAuthenticated,
        ConfirmSecondFactor,
    >,
) -> Result<Json<RecoveryCodes>, ApiError> {
    let (user_id, username) = (authenticated.user.id, &authenticated.user.username);
    let origin = LoginOrigin::Session(authenticated.claims.sid);
    app.rate_limits.check_login(username, origin)?;
    let factor = store::second_factors::find(&mut *app.db.get().await?, user_id).await?;
    let factor = factor.filter(|factor| !factor.confirmed).ok_or(ProblemCode::Conflict)?;
    if !totp::redeem_totp(&app.auth, user_id, &factor, &confirmation.one_time_code).await? {
        return Err(totp::wrong_code());
    }
    app.rate_limits.reset_login(username, origin);
    let (codes, hashes) = generate_codes();
    if !store::second_factors::confirm(&mut *app.db.get().await?, user_id, &hashes).await? {
        return Err(ProblemCode::Conflict.into());
    }
    Ok(Json(RecoveryCodes { codes }))
}

/// Turns the second factor off.
#[utoipa::path(
    delete, path = paths::SECOND_FACTOR, operation_id = "disableSecondFactor",
    responses((status = 204)),
)]
pub async fn disable(
    app: Data<AppState>,
    RecentlyAuthenticated(authenticated): RecentlyAuthenticated,
) -> Result<HttpResponse, ApiError> {
    store::second_factors::delete(&mut *app.db.get().await?, authenticated.user.id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Replaces the recovery codes.
#[utoipa::path(
    post, path = paths::RECOVERY_CODES, operation_id = "renewRecoveryCodes",
    responses((status = 200, body = RecoveryCodes), (status = 409)),
)]
pub async fn renew_codes(
    app: Data<AppState>,
    RecentlyAuthenticated(authenticated): RecentlyAuthenticated,
) -> Result<Json<RecoveryCodes>, ApiError> {
    let (codes, hashes) = generate_codes();
    if !store::second_factors::replace_recovery_codes(
        &mut *app.db.get().await?,
        authenticated.user.id,
        &hashes,
    )
    .await?
    {
        return Err(ProblemCode::Conflict.into());
    }
    Ok(Json(RecoveryCodes { codes }))
}

fn generate_codes() -> (Vec<String>, Vec<Vec<u8>>) {
    let codes: Vec<_> = (0..COUNT).map(|_| recovery_code::generate()).collect();
    let hashes = codes.iter().map(|code| recovery_code::hash(code)).collect();
    (codes, hashes)
}

impl FromFields for ConfirmSecondFactor {
    fn from_fields(fields: &mut FieldReader) -> Self {
        let check = |text: &str| if text.trim().is_empty() { Err(FieldCode::Blank) } else { Ok(()) };
        Self { one_time_code: fields.text("one_time_code", check) }
    }
}
