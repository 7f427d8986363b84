//! Creating, changing and deleting accounts.

pub mod avatars;
pub mod data_export;
pub mod guests;
pub mod passkeys;
pub mod password_resets;
pub mod reauth;
pub mod refresh_tokens;
pub mod second_factor;
pub mod sessions;
pub mod tickets;
pub mod tokens;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use shared::{
    credentials::{ChangePassword, ChangeUsername, DeleteAccount, Password, check_password},
    paths,
    problem::{FieldCode, ProblemCode},
    user::{
        Account, SignUp, UpdateProfile, User, check_display_name, check_email, check_username, fold_name,
    },
};

use crate::{
    auth::{
        AccountHolder, Authenticated, Authorized,
        policy::reauth::{SecondFactorCheck, is_recently_authenticated, verify_password},
    },
    detached::run_detached,
    error::ApiError,
    http::extract::{
        body::{Body, FieldReader, FromFields},
        client_ip::client_ip,
    },
    rate_limit::{IpLimit, UserLimit},
    state::AppState,
    store,
};

/// Creates an account. Does not sign in.
#[utoipa::path(
    post, path = paths::USERS_CREATE, operation_id = "createAccount",
    request_body = SignUp,
    responses((status = 201, body = Account)),
)]
pub async fn create(
    app: Data<AppState>,
    request: HttpRequest,
    Body(SignUp { email, username, password }): Body<SignUp>,
) -> Result<HttpResponse, ApiError> {
    let client_ip = client_ip(&request, &app.config);
    // Checking the strength costs as much as verifying a password. Only created accounts count as sign-ups.
    app.rate_limits.check_ip(IpLimit::SignIn, client_ip)?;
    app.auth.passwords.check_strength("password", &password, [&username, &email]).await?;
    app.rate_limits.check_ip(IpLimit::SignUp, client_ip)?;
    let hash = app.auth.passwords.hash(password).await?;
    let account = store::users::create(&mut *app.db.get().await?, &username, &email, &hash).await?;
    Ok(HttpResponse::Created().json(account))
}

/// Shows the caller's account.
#[utoipa::path(
    get, path = paths::ME, operation_id = "getAccount",
    responses((status = 200, body = Account)),
)]
pub async fn show(Authenticated { user, .. }: Authenticated) -> HttpResponse {
    HttpResponse::Ok().json(to_account(user))
}

/// Changes the e-mail address, which is required, and the display name.
#[utoipa::path(
    put, path = paths::ME, operation_id = "replaceAccount",
    request_body = UpdateProfile, responses((status = 200, body = Account)),
)]
pub async fn replace(
    app: Data<AppState>,
    Authorized(AccountHolder(authenticated), ReplaceProfile(update)): Authorized<
        AccountHolder,
        ReplaceProfile,
    >,
) -> Result<HttpResponse, ApiError> {
    update_profile(app, authenticated, update).await
}

/// Changes the given fields. Guests have no e-mail address.
#[utoipa::path(
    patch, path = paths::ME, operation_id = "updateAccount",
    request_body = UpdateProfile,
    responses((status = 200, body = Account), (status = 403)),
)]
pub async fn update(
    app: Data<AppState>,
    Authorized(authenticated, update): Authorized<Authenticated, UpdateProfile>,
) -> Result<HttpResponse, ApiError> {
    if authenticated.user.guest && update.email.is_some() {
        return Err(ProblemCode::AccountRequired.into());
    }
    update_profile(app, authenticated, update).await
}

async fn update_profile(
    app: Data<AppState>,
    authenticated: Authenticated,
    update: UpdateProfile,
) -> Result<HttpResponse, ApiError> {
    if update.display_name.is_some() {
        app.rate_limits.check_user(UserLimit::Rename, authenticated.user.id)?;
    }
    let is_recent = update.email.is_some() && is_recently_authenticated(&app.auth, &authenticated).await?;
    let updated = run_detached(async move {
        let user = authenticated.user;
        let mut connection = app.db.get().await?;
        let changed = store::accounts::update_profile(&mut connection, &user, &update, is_recent).await?;
        app.auth.cache.invalidate_user(user.id);
        app.chats.publish_members(changed).await;
        let email = update.email.unwrap_or(user.email);
        let display_name = update.display_name.unwrap_or(user.display_name);
        Ok(User { email, display_name, ..user })
    })
    .await?;
    Ok(HttpResponse::Ok().json(to_account(updated)))
}

/// Changes the password. All other sessions end.
#[utoipa::path(
    post, path = paths::PASSWORD, operation_id = "changePassword",
    request_body = ChangePassword, responses((status = 204)),
)]
pub async fn change_password(
    app: Data<AppState>,
    request: HttpRequest,
    Authorized(AccountHolder(authenticated), change): Authorized<AccountHolder, ChangePassword>,
) -> Result<HttpResponse, ApiError> {
    let ChangePassword { new_password, current_password } = change;
    let old_hash = verify_current_password(&app, &request, &authenticated, current_password).await?;
    let user = &authenticated.user;
    app.auth.passwords.check_strength("new_password", &new_password, [&user.username, &user.email]).await?;
    let new_hash = app.auth.passwords.hash(new_password).await?;
    let (user_id, session) = (user.id, authenticated.claims.sid);
    run_detached(async move {
        let (mut connection, hashes) = (app.db.get().await?, [old_hash.as_str(), new_hash.as_str()]);
        let ended = store::accounts::change_password(&mut connection, user_id, hashes, session).await?;
        sessions::invalidate_sessions(&app, &ended);
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Changes the username.
#[utoipa::path(
    post, path = paths::USERNAME, operation_id = "changeUsername",
    request_body = ChangeUsername, responses((status = 204)),
)]
pub async fn change_username(
    app: Data<AppState>,
    request: HttpRequest,
    Authorized(AccountHolder(authenticated), change): Authorized<AccountHolder, ChangeUsername>,
) -> Result<HttpResponse, ApiError> {
    verify_current_password(&app, &request, &authenticated, change.current_password).await?;
    let user_id = authenticated.user.id;
    run_detached(async move {
        let mut connection = app.db.get().await?;
        let changed =
            store::accounts::change_username(&mut connection, user_id, &change.new_username).await?;
        app.auth.cache.invalidate_user(user_id);
        app.chats.publish_members(changed).await;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Deletes the account, its sessions and everything only the caller uses. Messages stay.
#[utoipa::path(
    post, path = paths::USERS_DELETE, operation_id = "deleteAccount",
    request_body = DeleteAccount, responses((status = 204)),
)]
pub async fn delete(
    app: Data<AppState>,
    request: HttpRequest,
    Authorized(AccountHolder(authenticated), delete): Authorized<AccountHolder, DeleteAccount>,
) -> Result<HttpResponse, ApiError> {
    verify_current_password(&app, &request, &authenticated, delete.current_password).await?;
    let user_id = authenticated.user.id;
    run_detached(async move {
        let left = store::accounts::delete(&mut *app.db.get().await?, user_id).await?;
        app.account_removal.finish(user_id, left).await;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn verify_current_password(
    app: &AppState,
    request: &HttpRequest,
    authenticated: &Authenticated,
    password: Password,
) -> Result<String, ApiError> {
    let second_factor = SecondFactorCheck::RecentReauthentication;
    verify_password(&app.auth, request, authenticated, password, second_factor).await
}

pub(super) fn to_account(user: User) -> Account {
    let User { id, username, email, display_name, avatar, guest, .. } = user;
    Account { email, username, id, display_name, avatar, guest }
}

/// The body of `PUT`: the e-mail address is required, as in the original.
pub struct ReplaceProfile(UpdateProfile);

impl FromFields for SignUp {
    fn from_fields(fields: &mut FieldReader) -> Self {
        let email = fields.optional_text("email", check_email).unwrap_or_default();
        let username = fields.text("username", check_username);
        Self { email, username, password: new_password(fields, "password") }
    }
}

impl FromFields for ReplaceProfile {
    fn from_fields(fields: &mut FieldReader) -> Self {
        let email = Some(fields.text("email", check_email));
        Self(UpdateProfile { email, display_name: display_name(fields) })
    }
}

impl FromFields for UpdateProfile {
    fn from_fields(fields: &mut FieldReader) -> Self {
        let email = fields.has("email").then(|| fields.text("email", check_email));
        Self { email, display_name: display_name(fields) }
    }
}

impl FromFields for ChangePassword {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self {
            new_password: new_password(fields, "new_password"),
            current_password: current_password(fields),
        }
    }
}

impl FromFields for ChangeUsername {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self {
            new_username: fields.text("new_username", check_username),
            current_password: current_password(fields),
        }
    }
}

impl FromFields for DeleteAccount {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self { current_password: current_password(fields) }
    }
}

fn display_name(fields: &mut FieldReader) -> Option<String> {
    fields.has("display_name").then(|| fold_name(&fields.text("display_name", check_display_name)))
}

pub(super) fn new_password(fields: &mut FieldReader, field: &str) -> Password {
    Password(fields.text(field, |text| check_password(&Password(text.to_owned()))))
}

pub(super) fn current_password(fields: &mut FieldReader) -> Password {
    Password(fields.text("current_password", check_given_password))
}

/// For passwords that are only verified: not empty, and not too long to hash.
pub(super) fn check_given_password(text: &str) -> Result<(), FieldCode> {
    match text.chars().count() {
        0 => Err(FieldCode::Blank),
        length if length > shared::credentials::PASSWORD_MAX => Err(FieldCode::TooLong),
        _ => Ok(()),
    }
}
