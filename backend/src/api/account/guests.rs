//! Guests: creating one, and claiming an account for one.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use shared::{
    guest_name, paths,
    user::{
        ClaimAccount, CreateGuest, SessionCreated, check_display_name, check_email, check_username, fold_name,
    },
};

use super::{new_password, sessions};
use crate::{
    auth::{Authorized, Guest, sessions::SessionStart},
    detached::run_detached,
    error::ApiError,
    http::extract::{
        body::{Body, FieldReader, FromFields},
        client_ip::client_ip,
    },
    rate_limit::IpLimit,
    state::AppState,
    store::guests,
};

/// Creates a guest and signs in.
#[utoipa::path(
    post, path = paths::GUEST, operation_id = "createGuest",
    request_body = CreateGuest,
    responses((status = 201, body = SessionCreated), (status = 403)),
)]
pub async fn create(
    app: Data<AppState>,
    request: HttpRequest,
    Body(CreateGuest { display_name }): Body<CreateGuest>,
) -> Result<HttpResponse, ApiError> {
    app.rate_limits.check_ip(IpLimit::Guest, client_ip(&request, &app.config))?;
    let name =
        display_name.filter(|name| !name.is_empty()).unwrap_or_else(|| guest_name::generate(rand::random()));
    let session = SessionStart::from_request(&request, &app.config);
    let epoch = app.auth.cache.epoch();
    let user = guests::create(&mut *app.db.get().await?, &name, &session.details()).await?;
    app.auth.cache.insert_session(epoch, session.id, user.id);
    app.auth.cache.insert_user(epoch, &user);
    let token = app.auth.jwt_keys.issue(user.id, session.id, session.token_lifetime)?;
    Ok(session.respond(HttpResponse::Created(), true, SessionCreated { token, user }))
}

/// Turns a guest into an account with a new session. Chats and messages stay.
#[utoipa::path(
    post, path = paths::CLAIM, operation_id = "claimAccount",
    request_body = ClaimAccount,
    responses((status = 200, body = SessionCreated), (status = 409)),
)]
pub async fn claim(
    app: Data<AppState>,
    request: HttpRequest,
    Authorized(Guest(guest), claim): Authorized<Guest, ClaimAccount>,
) -> Result<HttpResponse, ApiError> {
    let hash = hash_new_password(&app, &request, &claim).await?;
    let (id, session) = (guest.user.id, SessionStart::from_request(&request, &app.config));
    let (row, token) =
        (session.new_session(id), app.auth.jwt_keys.issue(id, session.id, session.token_lifetime)?);
    let user = run_detached(async move {
        let claimed = guests::claim(&mut *app.db.get().await?, &claim, &hash, row).await?;
        app.auth.cache.invalidate_user(id);
        sessions::invalidate_sessions(&app, &claimed.ended_sessions);
        app.chats.publish_members(claimed.changed_members).await;
        Ok(claimed.user)
    })
    .await?;
    Ok(session.respond(HttpResponse::Ok(), false, SessionCreated { token, user }))
}

/// Checks the password like at sign-up. Only created accounts count as sign-ups.
async fn hash_new_password(
    app: &AppState,
    request: &HttpRequest,
    claim: &ClaimAccount,
) -> Result<String, ApiError> {
    let client_ip = client_ip(request, &app.config);
    app.rate_limits.check_ip(IpLimit::SignIn, client_ip)?;
    let user_inputs = [claim.username.as_str(), claim.email.as_str()];
    app.auth.passwords.check_strength("password", &claim.password, user_inputs).await?;
    app.rate_limits.check_ip(IpLimit::SignUp, client_ip)?;
    app.auth.passwords.hash(claim.password.clone()).await
}

impl FromFields for CreateGuest {
    fn from_fields(fields: &mut FieldReader) -> Self {
        let display_name = fields.optional_text("display_name", check_display_name);
        Self { display_name: display_name.map(|name| fold_name(&name)) }
    }
}

impl FromFields for ClaimAccount {
    fn from_fields(fields: &mut FieldReader) -> Self {
        let username = fields.text("username", check_username);
        let password = new_password(fields, "password");
        let email = fields.optional_text("email", check_email).unwrap_or_default();
        Self { username, password, email }
    }
}
