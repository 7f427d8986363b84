//! Accounts: making one, and changing or deleting one's own.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use shared::{
    problem::FieldCode,
    user::{
        Account, ChangeMe, ChangePassword, ChangeUsername, DeleteAccount, Password, SignUp, User,
        check_email, check_password, check_username,
    },
};

use crate::{
    address::address,
    app::App,
    auth::{AccountHolder, SignedIn, passwords::Compared},
    body::{Body, Fields, FromFields},
    db,
    limits::Limit,
    problem::{Error, Refusal},
};

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

pub async fn me(signed_in: SignedIn) -> HttpResponse {
    HttpResponse::Ok().json(account(&signed_in, None))
}

pub async fn change_email(
    app: Data<App>,
    AccountHolder(signed_in): AccountHolder,
    Body(change): Body<ChangeMe>,
) -> Result<HttpResponse, Error> {
    let email = change.email.unwrap_or_default();
    db::users::set_email(&mut *app.db.get().await?, signed_in.user.id, &email).await?;
    app.people.forget(signed_in.user.id);
    Ok(HttpResponse::Ok().json(account(&signed_in, Some(email))))
}

pub async fn change_password(
    app: Data<App>,
    AccountHolder(signed_in): AccountHolder,
    Body(change): Body<ChangePassword>,
) -> Result<HttpResponse, Error> {
    prove(&app, &signed_in, change.current_password).await?;
    let user = &signed_in.user;
    app.passwords.check_strength("new_password", &change.new_password, [&user.username, &user.email]).await?;
    let hash = app.passwords.hash(change.new_password).await?;
    db::users::set_password_hash(&mut *app.db.get().await?, signed_in.user.id, &hash).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn change_username(
    app: Data<App>,
    AccountHolder(signed_in): AccountHolder,
    Body(change): Body<ChangeUsername>,
) -> Result<HttpResponse, Error> {
    prove(&app, &signed_in, change.current_password).await?;
    let user_id = signed_in.user.id;
    to_the_end(async move {
        let renamed = db::users::rename(&mut *app.db.get().await?, user_id, &change.new_username).await?;
        app.people.forget(user_id);
        app.publish_members(renamed).await;
        Ok(())
    })
    .await
}

pub async fn delete(
    app: Data<App>,
    AccountHolder(signed_in): AccountHolder,
    Body(delete): Body<DeleteAccount>,
) -> Result<HttpResponse, Error> {
    prove(&app, &signed_in, delete.current_password).await?;
    let user_id = signed_in.user.id;
    to_the_end(async move {
        let left = db::users::delete(&mut *app.db.get().await?, user_id).await?;
        app.people.forget(user_id);
        app.hub.end_account(user_id);
        app.publish_members(left).await;
        Ok(())
    })
    .await
}

/// Does it to its end, also if the client hangs up: whoever listens must hear of what was committed.
async fn to_the_end(
    act: impl Future<Output = Result<(), Error>> + Send + 'static,
) -> Result<HttpResponse, Error> {
    tokio::spawn(act).await.map_err(|error| Error::Internal(error.into()))??;
    Ok(HttpResponse::NoContent().finish())
}

/// A token may have been left open on a shared machine: what matters asks for the password again.
async fn prove(app: &App, signed_in: &SignedIn, password: Password) -> Result<(), Error> {
    app.limits.sign_in_to(&signed_in.user.username, None)?;
    let stored = db::users::password_hash(&mut *app.db.get().await?, signed_in.user.id).await?;
    match app.passwords.compare(password, stored).await? {
        Compared::Right | Compared::RightButOld => Ok(()),
        Compared::Wrong => Err(Refusal::field("current_password", FieldCode::WrongPassword).into()),
    }
}

fn account(signed_in: &SignedIn, email: Option<String>) -> Account {
    let user = signed_in.user.clone();
    let User { id, username, display_name, guest, .. } = user;
    Account { email: email.unwrap_or(user.email), username, id, display_name, guest }
}

impl FromFields for SignUp {
    fn from_fields(fields: &mut Fields) -> Self {
        let email = fields.optional_text("email", check_email).unwrap_or_default();
        let username = fields.text("username", check_username);
        Self { email, username, password: new_password(fields, "password") }
    }
}

impl FromFields for ChangeMe {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { email: Some(fields.text("email", check_email)), display_name: None }
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

fn new_password(fields: &mut Fields, field: &str) -> Password {
    Password(fields.text(field, |text| check_password(&Password(text.to_owned()))))
}

fn current_password(fields: &mut Fields) -> Password {
    Password(fields.text("current_password", given))
}

/// A password that is only compared need not follow the rules for new ones, but must be there.
pub(super) fn given(text: &str) -> Result<(), FieldCode> {
    match text.chars().count() {
        0 => Err(FieldCode::Blank),
        length if length > shared::user::PASSWORD_MAX => Err(FieldCode::TooLong),
        _ => Ok(()),
    }
}
