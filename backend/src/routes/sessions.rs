//! What one is signed in to: looking at it, and ending it, here or anywhere.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json},
};
use shared::{problem::ProblemCode, session::Sessions};
use uuid::Uuid;

use crate::{
    app::{App, to_the_end},
    auth::{SignedIn, cookies},
    db,
    origin::{self, is_https},
    problem::Error,
};

/// What the caller is signed in to.
#[utoipa::path(get, path = "/auth/sessions/", responses((status = 200, body = Sessions)))]
pub async fn list(app: Data<App>, SignedIn { claims, .. }: SignedIn) -> Result<Json<Sessions>, Error> {
    let mut connection = app.db.get().await?;
    Ok(Json(Sessions { sessions: db::sessions::of_user(&mut connection, claims.sub, claims.sid).await? }))
}

/// Ends one of one's own.
#[utoipa::path(delete, path = "/auth/sessions/{session_id}/", responses((status = 204), (status = 404)))]
pub async fn end_one(
    app: Data<App>,
    SignedIn { claims, .. }: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let id = request.match_info().get("session_id").and_then(|id| id.parse::<Uuid>().ok());
    let id = id.ok_or(ProblemCode::NotFound)?;
    if !end(app, claims.sub, id).await? {
        return Err(ProblemCode::NotFound.into());
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Signs out everywhere, here as well.
#[utoipa::path(delete, path = "/auth/sessions/", responses((status = 204)))]
pub async fn end_all(
    app: Data<App>,
    SignedIn { claims, .. }: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let cookie = cookies::forgotten(is_https(&request, &app.config));
    to_the_end(async move {
        let ended = db::sessions::end_all(&mut *app.db.get().await?, claims.sub).await?;
        app.end_sessions(&ended);
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}

/// Signs out here: nothing of this session is good any more. A token may have run out while nobody looked; then the cookie
/// says whose session it is.
#[utoipa::path(post, path = "/auth/jwt/end/", responses((status = 204), (status = 403)))]
pub async fn end_current(
    app: Data<App>,
    request: HttpRequest,
    signed_in: Result<SignedIn, Error>,
) -> Result<HttpResponse, Error> {
    origin::check(&request, &app.config)?;
    let cookie = cookies::forgotten(is_https(&request, &app.config));
    let session = match (signed_in, cookies::secret_of(&request)) {
        (Ok(SignedIn { claims, .. }), _) => Some((claims.sub, claims.sid)),
        (Err(_), Some(secret)) => {
            let kept = db::refreshes::session_of(&mut *app.db.get().await?, &secret).await?;
            kept.map(|session| (session.user_id, session.id))
        }
        (Err(error), None) => return Err(error),
    };
    if let Some((user_id, id)) = session {
        end(app, user_id, id).await?;
    }
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}

async fn end(app: Data<App>, user_id: i64, id: Uuid) -> Result<bool, Error> {
    to_the_end(async move {
        let ended = db::sessions::end(&mut *app.db.get().await?, user_id, id).await?;
        if ended {
            app.end_sessions(&[id]);
        }
        Ok(ended)
    })
    .await
}
