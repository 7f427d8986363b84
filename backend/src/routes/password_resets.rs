//! Setting another password without knowing the last one: by a letter, or by what the operator hands out.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use shared::{
    credentials::{AskReset, ResetPassword},
    problem::{FieldCode, ProblemCode},
    user::check_email,
};

use super::{accounts::new_password, tokens::filled};
use crate::{
    address::address,
    app::{App, to_the_end},
    body::{Body, Fields, FromFields},
    db,
    limits::{Limit, Place},
    mail::letters,
    problem::{Error, Refusal},
    secret::Secret,
};

/// Has a letter written to whoever has an account with this address. The answer is always the same, and as quick: nobody
/// learns from it whether there is one.
#[utoipa::path(
    post, path = "/auth/password_resets/",
    request_body = AskReset,
    responses((status = 202, body = Value), (status = 501)),
)]
pub async fn ask(
    app: Data<App>,
    request: HttpRequest,
    Body(AskReset { email }): Body<AskReset>,
) -> Result<HttpResponse, Error> {
    app.mail.check()?;
    app.limits.of_address(Limit::Reset, address(&request, &app.config))?;
    tokio::spawn(async move {
        if let Err(error) = write_to(&app, &email).await {
            tracing::warn!(%error, "somebody who cannot sign in could not be written to");
        }
    });
    Ok(HttpResponse::Accepted().json(serde_json::json!({})))
}

async fn write_to(app: &App, email: &str) -> Result<(), Error> {
    let mut connection = app.db.get().await?;
    for account in db::password_resets::of_address(&mut connection, email).await? {
        let secret = Secret::fresh();
        db::password_resets::begin(&mut connection, account.id, &secret).await?;
        app.mail.send(letters::reset(&account, &app.mail.link(&secret)));
    }
    Ok(())
}

/// Sets the password. All that the account was signed in to ends.
#[utoipa::path(
    put, path = "/auth/password_resets/",
    request_body = ResetPassword,
    responses((status = 204), (status = 410)),
)]
pub async fn redeem(
    app: Data<App>,
    request: HttpRequest,
    Body(ResetPassword { token, new_password }): Body<ResetPassword>,
) -> Result<HttpResponse, Error> {
    let address = address(&request, &app.config);
    app.limits.of_address(Limit::SignIn, address)?;
    let secret = Secret::shown(token);
    let account = db::password_resets::find(&mut *app.db.get().await?, &secret).await?.ok_or_else(used_up)?;
    let names = [account.username.as_str(), account.email.as_str()];
    app.passwords.check_strength("new_password", &new_password, names).await?;
    let hash = app.passwords.hash(new_password).await?;
    to_the_end(async move {
        let ended = db::password_resets::redeem(&mut *app.db.get().await?, &secret, &hash).await?;
        app.end_sessions(&ended.ok_or_else(used_up)?);
        app.limits.succeed(&account.username, Place::Address(address));
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn used_up() -> Refusal {
    Refusal::new(ProblemCode::ResetUsedUp)
}

impl FromFields for AskReset {
    fn from_fields(fields: &mut Fields) -> Self {
        let check = |text: &str| if text.is_empty() { Err(FieldCode::Blank) } else { check_email(text) };
        Self { email: fields.text("email", check) }
    }
}

impl FromFields for ResetPassword {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { token: fields.text("token", filled), new_password: new_password(fields, "new_password") }
    }
}
