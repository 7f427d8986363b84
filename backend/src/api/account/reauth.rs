//! Re-authentication by password or passkey. It is valid for ten minutes of the session.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::Deserialize;
use serde_json::Value;
use shared::{credentials::Reauthenticate, passkey::PasskeyAssertion, paths, problem::ProblemCode};

use super::current_password;
use crate::{
    auth::{
        AccountHolder, Authorized, passkeys,
        policy::reauth::{SecondFactorCheck, verify_password},
    },
    error::ApiError,
    http::extract::body::{FieldReader, FromFields},
    state::AppState,
    store,
};

/// The credentials of a re-authentication.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = ReauthenticationCredentials)]
pub enum Credentials {
    Password(Reauthenticate),
    Passkey(PasskeyAssertion<Value>),
}

/// Re-authenticates the session, which allows security-relevant changes for ten minutes.
#[utoipa::path(
    post, path = paths::REAUTHENTICATION, operation_id = "reauthenticateSession",
    request_body = Credentials,
    responses((status = 204), (status = 501)),
)]
pub async fn reauthenticate(
    app: Data<AppState>,
    request: HttpRequest,
    Authorized(AccountHolder(authenticated), credentials): Authorized<AccountHolder, Credentials>,
) -> Result<HttpResponse, ApiError> {
    match credentials {
        Credentials::Password(Reauthenticate { current_password, one_time_code }) => {
            let second_factor = SecondFactorCheck::Code(one_time_code.as_deref());
            verify_password(&app.auth, &request, &authenticated, current_password, second_factor).await?;
        }
        Credentials::Passkey(assertion) => {
            let relying_party = passkeys::relying_party(&request, &app.config)?;
            let passkey = app.auth.passkeys.authenticate(&app.db, &relying_party, assertion).await?;
            if passkey.user_id != authenticated.user.id {
                return Err(ProblemCode::PasskeyRejected.into());
            }
        }
    }
    store::sessions::mark_reauthenticated(&mut *app.db.get().await?, authenticated.claims.sid).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl FromFields for Credentials {
    fn from_fields(fields: &mut FieldReader) -> Self {
        if fields.has("challenge") {
            return Self::Passkey(PasskeyAssertion::from_fields(fields));
        }
        let current_password = current_password(fields);
        let one_time_code = fields.optional_text("one_time_code", |_| Ok(()));
        Self::Password(Reauthenticate { current_password, one_time_code })
    }
}
