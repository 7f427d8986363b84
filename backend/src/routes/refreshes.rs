//! Going on: a further token for whoever shows that a session is theirs.

use actix_web::{HttpRequest, HttpResponse, ResponseError, web::Data};
use shared::{
    credentials::{Refreshed, Token},
    problem::{FieldCode, ProblemCode},
};

use super::tokens::{filled, signed_in};
use crate::{
    app::App,
    auth::{SignedIn, cookies},
    body::{Body, Fields, FromFields},
    db::{self, refreshes::Shown, sessions::Living},
    origin::{self, is_https},
    problem::{Error, Refusal},
    secret::Secret,
};

/// At most one of the two; what they hold is not empty.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it is only described")]
struct Refresh {
    /// An access token that is still good.
    token: Option<String>,
    /// What the answer to the last refresh held; the first is in the cookie.
    refresh: Option<String>,
}

/// By which somebody who asks for a further token shows that the session is theirs.
pub enum Proof {
    /// A token that is still good, as in the original.
    Token(String),
    /// What the cookie holds, for programs without cookies.
    Secret(Secret),
    Cookie,
}

/// A further token: for one that is still good, for the `refresh` of a program, or, where the body names neither, for the
/// cookie of a browser.
#[utoipa::path(
    post, path = "/auth/jwt/refresh/",
    request_body = Refresh,
    responses((status = 200, body = Refreshed), (status = 403)),
)]
pub async fn refresh(
    app: Data<App>,
    request: HttpRequest,
    Body(proof): Body<Proof>,
) -> Result<HttpResponse, Error> {
    origin::check(&request, &app.config)?;
    match (proof, cookies::secret_of(&request)) {
        (Proof::Token(token), _) => by_token(&app, &token).await,
        (Proof::Secret(secret), _) => {
            let (token, _, next) = by_secret(&app, &secret).await?;
            Ok(HttpResponse::Ok().json(Refreshed { token, refresh: Some(next.text().to_owned()) }))
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

/// A token, its session, and what gets the next one.
async fn by_secret(app: &App, secret: &Secret) -> Result<(String, Living, Secret), Error> {
    match db::refreshes::show(&mut *app.db.get().await?, secret).await? {
        Shown::Good(session, next) => {
            // So that whoever uses it next is looked at, and shows that the answer arrived.
            app.people.forget_session(session.id);
            Ok((app.keys.sign_in(session.user_id, session.id)?, session, next))
        }
        Shown::Reused(session) => {
            tracing::warn!("a session was ended: what got its tokens came again after it had been replaced");
            app.end_sessions(&[session]);
            Err(Refusal::new(ProblemCode::TokenRefused)
                .detail("This was used before: its session has ended.")
                .into())
        }
        Shown::Unknown => Err(ProblemCode::TokenRefused.into()),
    }
}

/// The cookie lives on with its session, and goes when that has ended.
async fn by_cookie(app: &App, secret: &Secret, https: bool) -> Result<HttpResponse, Error> {
    match by_secret(app, secret).await {
        Ok((token, Living { guest, .. }, next)) => {
            let cookie = cookies::refresh(&next, guest, https);
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

impl FromFields for Proof {
    fn from_fields(fields: &mut Fields) -> Self {
        if fields.has("refresh") {
            Self::Secret(Secret::shown(fields.text("refresh", filled)))
        } else if fields.has("token") {
            Self::Token(fields.text("token", filled))
        } else {
            Self::Cookie
        }
    }
}
