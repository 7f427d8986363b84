//! The extractors for whoever is signed in.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::Data};
use chrono::{DateTime, Utc};
use shared::{problem::ProblemCode, user::User};
use uuid::Uuid;

use super::{granted, keys::Claims};
use crate::{
    app::App,
    db::{self, sessions::Living},
    problem::Error,
};

/// A future of an extractor.
pub type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// The user who sent the request; their own e-mail is filled.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub user: User,
    pub claims: Claims,
}

/// Whoever asks, signed in or not. A token that is no good is refused all the same.
#[derive(Clone, Debug)]
pub struct Visitor(pub Option<User>);

impl SignedIn {
    /// Whoever the token is of.
    pub async fn with_token(app: &App, token: &str) -> Result<Self, Error> {
        Self::with_claims(app, app.keys.check(token)?).await
    }

    /// Whoever made these claims, if their session goes on and their account still lives.
    pub async fn with_claims(app: &App, claims: Claims) -> Result<Self, Error> {
        let unheard_since = check_session(app, claims.sid, claims.sub).await?;
        // A token of the last answer shows that it arrived.
        if unheard_since.is_some_and(|since| claims.orig_iat >= since.timestamp()) {
            db::refreshes::heard(&mut *app.db.get().await?, claims.sid).await?;
        }
        Ok(Self { user: find_user(app, claims.sub).await?, claims })
    }

    /// The same person, if they are a guest, or are none, as it has to be.
    fn if_guest(self, guest: bool, otherwise: ProblemCode) -> Result<Self, Error> {
        if self.user.guest == guest { Ok(self) } else { Err(otherwise.into()) }
    }
}

/// Somebody with an account, so no guest.
#[derive(Clone, Debug)]
pub struct AccountHolder(pub SignedIn);

/// A guest.
#[derive(Clone, Debug)]
pub struct Guest(pub SignedIn);

/// The one place that decides whether a session goes on. Returns since when nothing shows that what gets further tokens
/// arrived, if that has to be looked for.
pub async fn check_session(app: &App, id: Uuid, user_id: i64) -> Result<Option<DateTime<Utc>>, Error> {
    let (whose, unheard_since) = match app.people.session(id) {
        Some(known) => (known, None),
        None => look_up(app, id).await?,
    };
    if whose == user_id { Ok(unheard_since) } else { Err(ProblemCode::SessionEnded.into()) }
}

async fn look_up(app: &App, session: Uuid) -> Result<(i64, Option<DateTime<Utc>>), Error> {
    let as_of = app.people.now();
    let found = db::sessions::find(&mut *app.db.get().await?, session).await?;
    let Living { user_id, unheard_since, .. } = found.ok_or(ProblemCode::SessionEnded)?;
    app.people.keep_session(as_of, session, user_id);
    Ok((user_id, unheard_since))
}

/// The user, unless their account has ended; their e-mail is filled.
pub async fn find_user(app: &App, id: i64) -> Result<User, Error> {
    if let Some(known) = app.people.user(id) {
        return Ok(known);
    }
    let as_of = app.people.now();
    let found = db::users::find(&mut *app.db.get().await?, id).await?;
    let user = found.ok_or(ProblemCode::SessionEnded)?;
    app.people.keep_user(as_of, &user);
    Ok(user)
}

impl FromRequest for SignedIn {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let signed_in = Self::with_token(app(&request)?, token(&request)?).await?;
            granted::session(&request, &signed_in.claims);
            Ok(signed_in)
        })
    }
}

impl FromRequest for AccountHolder {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let signed_in = SignedIn::from_request(request, payload);
        Box::pin(async move { signed_in.await?.if_guest(false, ProblemCode::AccountNeeded).map(Self) })
    }
}

impl FromRequest for Guest {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let signed_in = SignedIn::from_request(request, payload);
        Box::pin(async move { signed_in.await?.if_guest(true, ProblemCode::Forbidden).map(Self) })
    }
}

impl FromRequest for Visitor {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let has_token = request.headers().contains_key(header::AUTHORIZATION);
        let signed_in = has_token.then(|| SignedIn::from_request(request, payload));
        Box::pin(async move {
            match signed_in {
                Some(signed_in) => Ok(Self(Some(signed_in.await?.user))),
                None => Ok(Self(None)),
            }
        })
    }
}

/// The shared value that `main` and the tests put into every application.
pub fn app(request: &HttpRequest) -> Result<&App, Error> {
    let app = request.app_data::<Data<App>>();
    app.map(Data::get_ref).ok_or_else(|| Error::Internal(anyhow::anyhow!("the application has no state")))
}

fn token(request: &HttpRequest) -> Result<&str, Error> {
    let header = request.headers().get(header::AUTHORIZATION).ok_or(ProblemCode::NotAuthenticated)?;
    let (scheme, token) = header
        .to_str()
        .ok()
        .and_then(|header| header.trim().split_once(' '))
        .ok_or(ProblemCode::NotAuthenticated)?;
    let known = ["JWT", "Bearer", "Token"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    if known { Ok(token.trim()) } else { Err(ProblemCode::NotAuthenticated.into()) }
}
