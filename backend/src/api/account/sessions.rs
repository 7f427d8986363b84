//! Listing and ending sessions.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json},
};
use shared::{id::UserId, paths, problem::ProblemCode, session::SessionsResponse};
use uuid::Uuid;

use crate::{
    auth::{Authenticated, cookies, refresh_tokens},
    detached::run_detached,
    error::ApiError,
    http::extract::{
        origin::{self, is_https},
        path_parameter,
    },
    state::AppState,
    store,
};

/// Lists the caller's sessions.
#[utoipa::path(
    get, path = paths::SESSIONS, operation_id = "listSessions",
    responses((status = 200, body = SessionsResponse)),
)]
pub async fn list(
    app: Data<AppState>,
    Authenticated { claims, .. }: Authenticated,
) -> Result<Json<SessionsResponse>, ApiError> {
    let mut connection = app.db.get().await?;
    let sessions = store::sessions::list_for_user(&mut connection, claims.sub, claims.sid).await?;
    Ok(Json(SessionsResponse { sessions }))
}

/// Ends one of the caller's sessions.
#[utoipa::path(
    delete, path = paths::SESSION, operation_id = "endSession",
    responses((status = 204), (status = 404)),
)]
pub async fn end_one(
    app: Data<AppState>,
    Authenticated { claims, .. }: Authenticated,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = path_parameter(&request, "session_id")?;
    if !end(app, claims.sub, id).await? {
        return Err(ProblemCode::NotFound.into());
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Ends all sessions of the caller, including this one.
#[utoipa::path(delete, path = paths::SESSIONS, operation_id = "endAllSessions", responses((status = 204)))]
pub async fn end_all(
    app: Data<AppState>,
    Authenticated { claims, .. }: Authenticated,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let cookie = cookies::expired_refresh_cookie(is_https(&request, &app.config));
    run_detached(async move {
        let ended = store::sessions::end_all(&mut *app.db.get().await?, claims.sub).await?;
        invalidate_sessions(&app, &ended);
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}

/// Ends the current session. With an expired token, the cookie identifies the session.
#[utoipa::path(
    post, path = paths::JWT_END, operation_id = "signOut",
    responses((status = 204), (status = 403)),
)]
pub async fn end_current(
    app: Data<AppState>,
    request: HttpRequest,
    authenticated: Result<Authenticated, ApiError>,
) -> Result<HttpResponse, ApiError> {
    origin::check(&request, &app.config)?;
    let cookie = cookies::expired_refresh_cookie(is_https(&request, &app.config));
    let session = match (authenticated, cookies::refresh_token(&request)) {
        (Ok(Authenticated { claims, .. }), _) => Some((claims.sub, claims.sid)),
        (Err(_), Some(token)) => {
            let found = refresh_tokens::find_session(&mut *app.db.get().await?, &token).await?;
            found.map(|session| (session.user_id, session.id))
        }
        (Err(error), None) => return Err(error),
    };
    if let Some((user_id, id)) = session {
        end(app, user_id, id).await?;
    }
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}

async fn end(app: Data<AppState>, user_id: UserId, id: Uuid) -> Result<bool, ApiError> {
    run_detached(async move {
        let ended = store::sessions::end(&mut *app.db.get().await?, user_id, id).await?;
        if ended {
            invalidate_sessions(&app, &[id]);
        }
        Ok(ended)
    })
    .await
}

/// Removes ended sessions from the cache and closes their connections.
pub(super) fn invalidate_sessions(app: &AppState, ended: &[Uuid]) {
    for id in ended {
        app.auth.cache.invalidate_session(*id);
        app.hub.disconnect_session(*id);
    }
}
