//! Access tokens: signing in, going on, and signing out.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    web::{Data, Json},
};
use shared::{
    problem::{FieldCode, ProblemCode},
    user::{Password, Refreshed, SignIn, Token},
};

use super::accounts::given;
use crate::{
    address::address,
    app::{App, to_the_end},
    auth::{
        SignedIn, cookies,
        passwords::Compared,
        sessions::{Beginning, hash},
    },
    body::{Body, Fields, FromFields},
    db::{self, sessions::Living},
    limits::Limit,
    origin::{self, is_https},
    problem::{Error, Refusal},
};

pub async fn create(
    app: Data<App>,
    request: HttpRequest,
    Body(SignIn { username, password }): Body<SignIn>,
) -> Result<HttpResponse, Error> {
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
    let session = Beginning::of(&request, &app.config);
    db::sessions::begin(&mut *app.db.get().await?, session.row(id)).await?;
    let token = app.keys.sign_in(id, session.id)?;
    Ok(session.answer(HttpResponse::Ok(), false, Token { token }))
}

pub async fn verify(app: Data<App>, Body(Token { token }): Body<Token>) -> Result<Json<Token>, Error> {
    signed_in(&app, &token).await?;
    Ok(Json(Token { token }))
}

pub async fn refresh(
    app: Data<App>,
    request: HttpRequest,
    Body(proof): Body<Proof>,
) -> Result<HttpResponse, Error> {
    origin::check(&request, &app.config)?;
    match (proof, cookies::secret_of(&request)) {
        (Proof::Token(token), _) => by_token(&app, &token).await,
        (Proof::Secret(refresh), _) => {
            let token = by_secret(&app, &refresh).await?.0;
            Ok(HttpResponse::Ok().json(Refreshed { token, refresh: Some(refresh) }))
        }
        (Proof::Cookie, Some(secret)) => by_cookie(&app, &secret, is_https(&request, &app.config)).await,
        // As the original did, which knew of no cookie.
        (Proof::Cookie, None) => Err(Refusal::field("token", FieldCode::Required).into()),
    }
}

async fn by_token(app: &App, token: &str) -> Result<HttpResponse, Error> {
    let SignedIn { claims, .. } = signed_in(app, token).await?;
    let token = app.keys.refresh(&claims)?;
    db::sessions::touch(&mut *app.db.get().await?, claims.sid).await?;
    Ok(HttpResponse::Ok().json(Token { token }))
}

async fn by_secret(app: &App, secret: &str) -> Result<(String, Living), Error> {
    let mut connection = app.db.get().await?;
    let session = db::sessions::by_secret(&mut connection, &hash(secret)).await?;
    let session = session.ok_or(ProblemCode::TokenRefused)?;
    db::sessions::touch(&mut connection, session.id).await?;
    Ok((app.keys.sign_in(session.user_id, session.id)?, session))
}

/// The cookie lives on with its session, and goes when that has ended.
async fn by_cookie(app: &App, secret: &str, https: bool) -> Result<HttpResponse, Error> {
    match by_secret(app, secret).await {
        Ok((token, Living { guest, .. })) => {
            let cookie = cookies::refresh(secret, guest, https);
            Ok(HttpResponse::Ok().cookie(cookie).json(Token { token }))
        }
        Err(Error::Refused(refusal)) if refusal.code() == ProblemCode::TokenRefused => {
            let mut response = Error::Refused(refusal).error_response();
            let cleared = response.add_cookie(&cookies::forgotten(https));
            cleared.map_err(|error| Error::Internal(error.into()))?;
            Ok(response)
        }
        Err(error) => Err(error),
    }
}

/// Signs out: nothing of this session is good any more. A token may have run out while nobody looked; then the cookie says
/// whose session it is.
pub async fn end(
    app: Data<App>,
    request: HttpRequest,
    signed_in: Result<SignedIn, Error>,
) -> Result<HttpResponse, Error> {
    origin::check(&request, &app.config)?;
    let cookie = cookies::forgotten(is_https(&request, &app.config));
    let session = match (signed_in, cookies::secret_of(&request)) {
        (Ok(SignedIn { claims, .. }), _) => Some(claims.sid),
        (Err(_), Some(secret)) => {
            let kept = db::sessions::by_secret(&mut *app.db.get().await?, &hash(&secret)).await?;
            kept.map(|session| session.id)
        }
        (Err(error), None) => return Err(error),
    };
    to_the_end(async move {
        if let Some(session) = session {
            db::sessions::end(&mut *app.db.get().await?, session).await?;
            app.end_sessions(&[session]);
        }
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}

/// By which somebody who asks for a further token shows that it is theirs.
pub enum Proof {
    /// One that is still good, as in the original.
    Token(String),
    /// What the cookie holds, for programs without cookies.
    Secret(String),
    Cookie,
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
        Self { token: fields.text("token", filled) }
    }
}

impl FromFields for Proof {
    fn from_fields(fields: &mut Fields) -> Self {
        if fields.has("refresh") {
            Self::Secret(fields.text("refresh", filled))
        } else if fields.has("token") {
            Self::Token(fields.text("token", filled))
        } else {
            Self::Cookie
        }
    }
}

fn filled(text: &str) -> Result<(), FieldCode> {
    if text.is_empty() { Err(FieldCode::Blank) } else { Ok(()) }
}
