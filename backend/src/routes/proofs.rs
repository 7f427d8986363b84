//! Showing once more that an account is one's own; it holds for ten minutes of this session.

use actix_web::{HttpResponse, web::Data};
use shared::credentials::Prove;

use super::accounts::current_password;
use crate::{
    app::App,
    auth::{AccountHolder, proof},
    body::{Body, Fields, FromFields},
    db,
    problem::Error,
};

pub async fn prove(
    app: Data<App>,
    AccountHolder(signed_in): AccountHolder,
    Body(Prove { current_password }): Body<Prove>,
) -> Result<HttpResponse, Error> {
    proof::by_password(&app, &signed_in, current_password).await?;
    db::sessions::prove(&mut *app.db.get().await?, signed_in.claims.sid).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl FromFields for Prove {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { current_password: current_password(fields) }
    }
}
