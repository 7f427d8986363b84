//! Access tokens: signing in, and going on.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use shared::{
    problem::{FieldCode, ProblemCode},
    user::{Password, SignIn, Token},
};

use super::accounts::given;
use crate::{
    address::address,
    app::App,
    auth::{SignedIn, passwords::Compared},
    body::{Body, Fields, FromFields},
    db,
    limits::Limit,
    problem::{Error, Refusal},
};

pub async fn create(
    app: Data<App>,
    request: HttpRequest,
    Body(SignIn { username, password }): Body<SignIn>,
) -> Result<Json<Token>, Error> {
    let address = address(&request, &app.config);
    app.limits.of_address(Limit::SignIn, address)?;
    app.limits.sign_in_to(&username, Some(address))?;
    let known = db::users::credentials(&mut *app.db.get().await?, &username).await?;
    let (id, stored) = known.map_or((0, None), |known| (known.id, known.password_hash));
    match app.passwords.compare(password.clone(), stored).await? {
        Compared::Wrong => return Err(ProblemCode::WrongCredentials.into()),
        Compared::Right => {}
        Compared::RightButOld => {
            let hash = app.passwords.hash(password).await?;
            db::users::set_password_hash(&mut *app.db.get().await?, id, &hash).await?;
        }
    }
    Ok(Json(Token { token: app.keys.sign_in(id)? }))
}

pub async fn verify(app: Data<App>, Body(Token { token }): Body<Token>) -> Result<Json<Token>, Error> {
    signed_in(&app, &token).await?;
    Ok(Json(Token { token }))
}

pub async fn refresh(app: Data<App>, Body(Token { token }): Body<Token>) -> Result<Json<Token>, Error> {
    let SignedIn { claims, .. } = signed_in(&app, &token).await?;
    Ok(Json(Token { token: app.keys.refresh(&claims)? }))
}

/// A token in a body that is no good is a wrong field of the request, as it was in the original, and not a missing
/// sign-in.
async fn signed_in(app: &App, token: &str) -> Result<SignedIn, Error> {
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
        Self { username, password: Password(fields.text("password", given)) }
    }
}

impl FromFields for Token {
    fn from_fields(fields: &mut Fields) -> Self {
        Self {
            token: fields
                .text("token", |token| if token.is_empty() { Err(FieldCode::Blank) } else { Ok(()) }),
        }
    }
}
