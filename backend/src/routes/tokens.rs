//! Access tokens: signing in, and seeing whether one is good.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json},
};
use shared::{
    credentials::{Password, SignIn, Token},
    problem::{FieldCode, ProblemCode},
};

use super::accounts::given;
use crate::{
    address::address,
    app::App,
    auth::{SignedIn, passwords::Compared, proof, second_factor, sessions::Beginning},
    body::{Body, Fields, FromFields},
    db,
    limits::Limit,
    problem::{Error, Refusal},
};

/// Signs in. The cookie that comes along gets further tokens.
#[utoipa::path(
    post, path = "/auth/jwt/create/",
    request_body = SignIn,
    responses((status = 200, body = Token)),
)]
pub async fn create(
    app: Data<App>,
    request: HttpRequest,
    Body(SignIn { username, password, one_time_code }): Body<SignIn>,
) -> Result<HttpResponse, Error> {
    let address = address(&request, &app.config);
    app.limits.of_address(Limit::SignIn, address)?;
    let known = db::users::credentials(&mut *app.db.get().await?, &username).await?;
    let place = proof::place(&app, &request, known.as_ref().map(|known| known.id), address).await?;
    app.limits.try_account(&username, place)?;
    let (id, stored) = known.map_or((0, None), |known| (known.id, known.password_hash));
    let compared = app.passwords.compare(password.clone(), stored.clone()).await?;
    let mut hash = stored.filter(|_| compared != Compared::Wrong).ok_or(ProblemCode::WrongCredentials)?;
    second_factor::check(&app, id, one_time_code.as_deref()).await?;
    app.limits.succeed(&username, place);
    if compared == Compared::RightButOld {
        let fresh = app.passwords.hash(password).await?;
        db::users::replace_password_hash(&mut *app.db.get().await?, id, [&hash, &fresh]).await?;
        hash = fresh;
    }
    let session = Beginning::of(&request, &app.config);
    db::users::sign_in(&mut *app.db.get().await?, id, &hash, session.row(id)).await?;
    let token = app.keys.sign_in(id, session.id)?;
    Ok(session.answer(HttpResponse::Ok(), false, Token { token }))
}

/// Tells whether a token is good.
#[utoipa::path(
    post, path = "/auth/jwt/verify/",
    request_body = Token,
    responses((status = 200, body = Token)),
)]
pub async fn verify(app: Data<App>, Body(Token { token }): Body<Token>) -> Result<Json<Token>, Error> {
    signed_in(&app, &token).await?;
    Ok(Json(Token { token }))
}

/// A token in a body that is no good is a wrong field of the request, as it was in the original, and not a missing
/// sign-in.
pub(super) async fn signed_in(app: &App, token: &str) -> Result<SignedIn, Error> {
    SignedIn::with_token(app, token).await.map_err(|error| {
        let problem = error.problem();
        match problem.status {
            401 => Refusal::new(ProblemCode::TokenRefused).detail(problem.detail).into(),
            _ => error,
        }
    })
}

impl FromFields for SignIn {
    fn from_fields(fields: &mut Fields) -> Self {
        let username = fields.text("username", |name| given(name).map_err(|_| FieldCode::Blank));
        let password = Password(fields.text("password", given));
        Self { username, password, one_time_code: fields.optional_text("one_time_code", |_| Ok(())) }
    }
}

impl FromFields for Token {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { token: fields.text("token", filled) }
    }
}

pub(super) fn filled(text: &str) -> Result<(), FieldCode> {
    if text.is_empty() { Err(FieldCode::Blank) } else { Ok(()) }
}
