//! Accounts: making one, and changing or deleting one's own.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use shared::{
    credentials::{ChangePassword, ChangeUsername, DeleteAccount, Password, check_password},
    problem::{FieldCode, ProblemCode},
    user::{Account, ChangeMe, SignUp, User, check_display_name, check_email, check_username},
};

use crate::{
    address::address,
    app::{App, to_the_end},
    auth::{
        AccountHolder, SignedIn,
        proof::{self, Beside},
    },
    body::{Body, Fields, FromFields},
    db,
    departing::depart,
    limits::{Limit, Personal},
    problem::Error,
};

/// Makes an account. It is not signed in by that.
#[utoipa::path(
    post, path = "/auth/users/create/",
    request_body = SignUp,
    responses((status = 201, body = Account)),
)]
pub async fn create(
    app: Data<App>,
    request: HttpRequest,
    Body(sign_up): Body<SignUp>,
) -> Result<HttpResponse, Error> {
    let SignUp { email, username, password } = sign_up;
    let address = address(&request, &app.config);
    // Judging a password costs as much as comparing one; only accounts that are made count as sign-ups.
    app.limits.of_address(Limit::SignIn, address)?;
    app.passwords.check_strength("password", &password, [&username, &email]).await?;
    app.limits.of_address(Limit::SignUp, address)?;
    let hash = app.passwords.hash(password).await?;
    let account = db::users::create(&mut *app.db.get().await?, &username, &email, &hash).await?;
    Ok(HttpResponse::Created().json(account))
}

/// Who the caller is.
#[utoipa::path(get, path = "/auth/me/", responses((status = 200, body = Account)))]
pub async fn me(signed_in: SignedIn) -> HttpResponse {
    HttpResponse::Ok().json(account(signed_in.user))
}

/// Changes the e-mail, which must be there, and the display name.
#[utoipa::path(put, path = "/auth/me/", request_body = ChangeMe, responses((status = 200, body = Account)))]
pub async fn replace_me(
    app: Data<App>,
    AccountHolder(signed_in): AccountHolder,
    Body(ReplaceMe(change)): Body<ReplaceMe>,
) -> Result<HttpResponse, Error> {
    alter(app, signed_in, change).await
}

/// Changes what is given; guests have no e-mail.
#[utoipa::path(
    patch, path = "/auth/me/",
    request_body = ChangeMe,
    responses((status = 200, body = Account), (status = 403)),
)]
pub async fn change_me(
    app: Data<App>,
    signed_in: SignedIn,
    Body(change): Body<ChangeMe>,
) -> Result<HttpResponse, Error> {
    if signed_in.user.guest && change.email.is_some() {
        return Err(ProblemCode::AccountNeeded.into());
    }
    alter(app, signed_in, change).await
}

async fn alter(app: Data<App>, signed_in: SignedIn, change: ChangeMe) -> Result<HttpResponse, Error> {
    if change.display_name.is_some() {
        app.limits.of_person(Personal::Name, signed_in.user.id)?;
    }
    let proven = change.email.is_some() && proof::is_proven(&app, &signed_in).await?;
    let changed = to_the_end(async move {
        let user = signed_in.user;
        let told = db::users::change(&mut *app.db.get().await?, &user, &change, proven).await?;
        app.people.forget(user.id);
        app.publish_members(told).await;
        let email = change.email.unwrap_or(user.email);
        let display_name = change.display_name.unwrap_or(user.display_name);
        Ok(User { email, display_name, ..user })
    })
    .await?;
    Ok(HttpResponse::Ok().json(account(changed)))
}

/// Sets another password. Everything else that the account is signed in to ends.
#[utoipa::path(post, path = "/auth/password/", request_body = ChangePassword, responses((status = 204)))]
pub async fn change_password(
    app: Data<App>,
    request: HttpRequest,
    AccountHolder(signed_in): AccountHolder,
    Body(change): Body<ChangePassword>,
) -> Result<HttpResponse, Error> {
    let old = proof::by_password(&app, &request, &signed_in, change.current_password, Beside::Proof).await?;
    let user = &signed_in.user;
    app.passwords.check_strength("new_password", &change.new_password, [&user.username, &user.email]).await?;
    let new = app.passwords.hash(change.new_password).await?;
    let (user_id, session) = (signed_in.user.id, signed_in.claims.sid);
    to_the_end(async move {
        let mut connection = app.db.get().await?;
        // Whoever knew the old one is out, wherever they are signed in.
        let ended = db::users::change_password(&mut connection, user_id, [&old, &new], session).await?;
        app.end_sessions(&ended);
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Gives the account another name.
#[utoipa::path(post, path = "/auth/username/", request_body = ChangeUsername, responses((status = 204)))]
pub async fn change_username(
    app: Data<App>,
    request: HttpRequest,
    AccountHolder(signed_in): AccountHolder,
    Body(change): Body<ChangeUsername>,
) -> Result<HttpResponse, Error> {
    proof::by_password(&app, &request, &signed_in, change.current_password, Beside::Proof).await?;
    let user_id = signed_in.user.id;
    to_the_end(async move {
        let renamed = db::users::rename(&mut *app.db.get().await?, user_id, &change.new_username).await?;
        app.people.forget(user_id);
        app.publish_members(renamed).await;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Deletes the caller's account, whatever is theirs alone, and what they are signed in to. What they said stays.
#[utoipa::path(post, path = "/auth/users/delete/", request_body = DeleteAccount, responses((status = 204)))]
pub async fn delete(
    app: Data<App>,
    request: HttpRequest,
    AccountHolder(signed_in): AccountHolder,
    Body(delete): Body<DeleteAccount>,
) -> Result<HttpResponse, Error> {
    proof::by_password(&app, &request, &signed_in, delete.current_password, Beside::Proof).await?;
    let user_id = signed_in.user.id;
    to_the_end(async move {
        let left = db::users::delete(&mut *app.db.get().await?, user_id).await?;
        depart(&app, user_id, left).await;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(super) fn account(user: User) -> Account {
    let User { id, username, email, display_name, avatar, guest, .. } = user;
    Account { email, username, id, display_name, avatar, guest }
}

/// What `PUT` says: the e-mail must be there, as in the original.
pub struct ReplaceMe(ChangeMe);

impl FromFields for SignUp {
    fn from_fields(fields: &mut Fields) -> Self {
        let email = fields.optional_text("email", check_email).unwrap_or_default();
        let username = fields.text("username", check_username);
        Self { email, username, password: new_password(fields, "password") }
    }
}

impl FromFields for ReplaceMe {
    fn from_fields(fields: &mut Fields) -> Self {
        let email = Some(fields.text("email", check_email));
        Self(ChangeMe { email, display_name: display_name(fields) })
    }
}

impl FromFields for ChangeMe {
    fn from_fields(fields: &mut Fields) -> Self {
        let email = fields.has("email").then(|| fields.text("email", check_email));
        Self { email, display_name: display_name(fields) }
    }
}

impl FromFields for ChangePassword {
    fn from_fields(fields: &mut Fields) -> Self {
        Self {
            new_password: new_password(fields, "new_password"),
            current_password: current_password(fields),
        }
    }
}

impl FromFields for ChangeUsername {
    fn from_fields(fields: &mut Fields) -> Self {
        Self {
            new_username: fields.text("new_username", check_username),
            current_password: current_password(fields),
        }
    }
}

impl FromFields for DeleteAccount {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { current_password: current_password(fields) }
    }
}

fn display_name(fields: &mut Fields) -> Option<String> {
    fields.has("display_name").then(|| fields.text("display_name", check_display_name))
}

pub(super) fn new_password(fields: &mut Fields, field: &str) -> Password {
    Password(fields.text(field, |text| check_password(&Password(text.to_owned()))))
}

pub(super) fn current_password(fields: &mut Fields) -> Password {
    Password(fields.text("current_password", given))
}

/// A password that is only compared need not follow the rules for new ones, but must be there.
pub(super) fn given(text: &str) -> Result<(), FieldCode> {
    match text.chars().count() {
        0 => Err(FieldCode::Blank),
        length if length > shared::credentials::PASSWORD_MAX => Err(FieldCode::TooLong),
        _ => Ok(()),
    }
}
