//! Showing once more that an account is one's own, by its password or by a passkey; it holds for ten minutes of this session.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::Deserialize;
use serde_json::Value;
use shared::{credentials::Prove, passkey::ShowPasskey, problem::ProblemCode};

use super::accounts::current_password;
use crate::{
    app::App,
    auth::{
        AccountHolder, passkeys,
        proof::{self, Beside},
    },
    body::{Body, Fields, FromFields},
    db,
    problem::Error,
};

/// How it is shown.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = Proof)]
pub enum Shown {
    Password(Prove),
    Passkey(ShowPasskey<Value>),
}

/// Shows once more that the account is the caller's; for ten minutes, what matters may be changed.
#[utoipa::path(post, path = "/auth/proof/", request_body = Shown, responses((status = 204), (status = 501)))]
pub async fn prove(
    app: Data<App>,
    AccountHolder(signed_in): AccountHolder,
    request: HttpRequest,
    Body(shown): Body<Shown>,
) -> Result<HttpResponse, Error> {
    match shown {
        Shown::Password(Prove { current_password, one_time_code }) => {
            let beside = Beside::Code(one_time_code.as_deref());
            proof::by_password(&app, &request, &signed_in, current_password, beside).await?;
        }
        Shown::Passkey(shown) => {
            let whose = passkeys::whose(&app, &passkeys::server(&request, &app.config)?, shown).await?;
            if whose != signed_in.user.id {
                return Err(ProblemCode::PasskeyRefused.into());
            }
        }
    }
    db::sessions::prove(&mut *app.db.get().await?, signed_in.claims.sid).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl FromFields for Shown {
    fn from_fields(fields: &mut Fields) -> Self {
        if fields.has("challenge") {
            return Self::Passkey(ShowPasskey::from_fields(fields));
        }
        let current_password = current_password(fields);
        let one_time_code = fields.optional_text("one_time_code", |_| Ok(()));
        Self::Password(Prove { current_password, one_time_code })
    }
}
