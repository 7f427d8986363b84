//! Everything of one's own in a file: having it written, seeing how far that is, and having it.

use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    web::{Data, Json},
};
use shared::{
    export::{Export, Exports, State},
    problem::ProblemCode,
};
use tokio::fs::File;
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use crate::{
    app::App,
    auth::{SignedIn, proof::ProvenOrGuest},
    body::{Fields, FromFields, query},
    db, exports,
    limits::Personal,
    problem::Error,
    secret::Secret,
};

/// Has everything of the caller's own written into a file.
#[utoipa::path(post, path = "/auth/exports/", responses((status = 202, body = Export), (status = 409)))]
pub async fn begin(app: Data<App>, ProvenOrGuest(signed_in): ProvenOrGuest) -> Result<HttpResponse, Error> {
    let user_id = signed_in.user.id;
    app.limits.of_person(Personal::Export, user_id)?;
    let begun = db::exports::begin(&mut *app.db.get().await?, user_id).await?;
    let export = begun.ok_or(ProblemCode::Conflict)?;
    exports::queue(&app.into_inner(), export.id, user_id);
    Ok(HttpResponse::Accepted().json(export))
}

/// The caller's exports.
#[utoipa::path(get, path = "/auth/exports/", responses((status = 200, body = Exports)))]
pub async fn list(app: Data<App>, SignedIn { user, .. }: SignedIn) -> Result<Json<Exports>, Error> {
    Ok(Json(Exports { exports: db::exports::of_user(&mut *app.db.get().await?, user.id).await? }))
}

/// How far it is.
#[utoipa::path(
    get, path = "/auth/exports/{export_id}/",
    responses((status = 200, body = Export), (status = 404)),
)]
pub async fn show(
    app: Data<App>,
    SignedIn { user, .. }: SignedIn,
    request: HttpRequest,
) -> Result<Json<Export>, Error> {
    Ok(Json(find(&app, user.id, &request).await?))
}

/// The file. A browser that is to save it sends no header, and has a ticket in the address instead.
#[utoipa::path(
    get, path = "/auth/exports/{export_id}/file/",
    params(Asked),
    responses((status = 200, content_type = "application/zip", body = Vec<u8>), (status = 404)),
)]
pub async fn file(
    app: Data<App>,
    signed_in: Result<SignedIn, Error>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let by_ticket = query::<Asked>(&request)?.ticket.and_then(|ticket| app.tickets.redeem(&ticket));
    let SignedIn { user, .. } = match by_ticket {
        // The session may have ended since the ticket was given.
        Some(who) => SignedIn::with_claims(&app, who.claims).await?,
        None => signed_in?,
    };
    let export = find(&app, user.id, &request).await?;
    if export.state != State::Ready {
        return Err(ProblemCode::NotFound.into());
    }
    let file = File::open(app.exports.path(export.id)).await.map_err(|_| ProblemCode::NotFound)?;
    let length = file.metadata().await.map_err(anyhow::Error::from)?.len();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/zip"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"chatire.zip\""))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox"))
        .body(SizedStream::new(length, ReaderStream::new(file))))
}

async fn find(app: &App, user_id: i64, request: &HttpRequest) -> Result<Export, Error> {
    let id = request.match_info().get("export_id").and_then(|id| id.parse::<Uuid>().ok());
    let id = id.ok_or(ProblemCode::NotFound)?;
    let found = db::exports::find(&mut *app.db.get().await?, user_id, id).await?;
    found.ok_or_else(|| ProblemCode::NotFound.into())
}

/// What the address of the file says.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// In the place of the header `Authorization`: what `POST /auth/tickets/` gave.
    #[param(value_type = Option<String>)]
    ticket: Option<Secret>,
}

impl FromFields for Asked {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { ticket: fields.optional_text("ticket", |_| Ok(())).map(Secret::shown) }
    }
}
