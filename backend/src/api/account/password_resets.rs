//! Password resets, with a token from an e-mail or from the administrator.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use shared::{
    credentials::{ConfirmPasswordReset, RequestPasswordReset},
    paths,
    problem::{FieldCode, ProblemCode},
    user::check_email,
};

use super::{new_password, sessions, tokens::check_not_empty};
use crate::{
    auth::opaque_token::OpaqueToken,
    detached::run_detached,
    email::templates,
    error::ApiError,
    http::extract::{
        body::{Body, FieldReader, FromFields},
        client_ip::client_ip,
    },
    rate_limit::{IpLimit, LoginOrigin},
    state::AppState,
    store,
};

/// Sends an e-mail with a reset link for each account that has this e-mail address. The response is the same and as fast if there are none.
#[utoipa::path(
    post, path = paths::PASSWORD_RESETS, operation_id = "requestPasswordReset",
    request_body = RequestPasswordReset,
    responses((status = 202, body = Value), (status = 501)),
)]
pub async fn request(
    app: Data<AppState>,
    http_request: HttpRequest,
    Body(RequestPasswordReset { email }): Body<RequestPasswordReset>,
) -> Result<HttpResponse, ApiError> {
    app.mailer.require_enabled()?;
    app.rate_limits.check_ip(IpLimit::PasswordReset, client_ip(&http_request, &app.config))?;
    tokio::spawn(async move {
        if let Err(error) = send_reset_emails(&app, &email).await {
            tracing::warn!(%error, "cannot send a password-reset e-mail");
        }
    });
    Ok(HttpResponse::Accepted().json(serde_json::json!({})))
}

async fn send_reset_emails(app: &AppState, email: &str) -> Result<(), ApiError> {
    let mut connection = app.db.get().await?;
    let accounts = store::password_resets::find_targets_by_email(&mut connection, email).await?;
    let Some(address) = accounts.first().map(|account| account.email.clone()) else { return Ok(()) };
    let (mut tokens, mut links) = (Vec::new(), Vec::new());
    for account in accounts {
        let token = OpaqueToken::generate();
        tokens.push((account.id, token.hash()));
        links.push((account.username, app.mailer.password_reset_url(&token)));
    }
    if store::password_resets::insert_for_email(&mut connection, &address, &tokens).await? {
        app.mailer.send(templates::password_reset(address, &links));
    }
    Ok(())
}

/// Sets a new password. All sessions of the account end.
#[utoipa::path(
    put, path = paths::PASSWORD_RESETS, operation_id = "confirmPasswordReset",
    request_body = ConfirmPasswordReset,
    responses((status = 204), (status = 410)),
)]
pub async fn confirm(
    app: Data<AppState>,
    request: HttpRequest,
    Body(ConfirmPasswordReset { token, new_password }): Body<ConfirmPasswordReset>,
) -> Result<HttpResponse, ApiError> {
    let client_ip = client_ip(&request, &app.config);
    app.rate_limits.check_ip(IpLimit::SignIn, client_ip)?;
    let token_hash = OpaqueToken::from_client(token).hash();
    let found = store::password_resets::find_target(&mut *app.db.get().await?, &token_hash).await?;
    let account = found.ok_or(ProblemCode::ResetTokenInvalid)?;
    let names = [account.username.as_str(), account.email.as_str()];
    app.auth.passwords.check_strength("new_password", &new_password, names).await?;
    let hash = app.auth.passwords.hash(new_password).await?;
    run_detached(async move {
        let ended = store::password_resets::redeem(&mut *app.db.get().await?, &token_hash, &hash).await?;
        sessions::invalidate_sessions(&app, &ended.ok_or(ProblemCode::ResetTokenInvalid)?);
        app.rate_limits.reset_login(&account.username, LoginOrigin::Address(client_ip));
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

impl FromFields for RequestPasswordReset {
    fn from_fields(fields: &mut FieldReader) -> Self {
        let check = |text: &str| if text.is_empty() { Err(FieldCode::Blank) } else { check_email(text) };
        Self { email: fields.text("email", check) }
    }
}

impl FromFields for ConfirmPasswordReset {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self {
            token: fields.text("token", check_not_empty),
            new_password: new_password(fields, "new_password"),
        }
    }
}
