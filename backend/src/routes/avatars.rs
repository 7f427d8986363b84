//! Pictures of people.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CacheControl, CacheDirective, ContentType},
    web::Data,
};
use rand::distr::{Alphanumeric, SampleString};
use shared::{
    chat::{URI_LENGTH, is_uri},
    problem::{FieldCode, ProblemCode},
    user::{Account, User},
};

use super::accounts::account;
use crate::{
    app::{App, to_the_end},
    auth::SignedIn,
    body::upload::Upload,
    db,
    limits::Personal,
    problem::{Error, Refusal},
};

/// What is uploaded; it may as well come as the body itself.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it is only described")]
struct Picture {
    /// PNG, JPEG, GIF or WebP, at most 25 MiB and 40 megapixels unless the operator set other limits.
    #[schema(format = Binary, content_media_type = "image/*")]
    file: String,
}

const YEAR: u32 = 365 * 24 * 60 * 60;

/// Makes a picture of what was uploaded, and everyone sees it.
#[utoipa::path(
    put, path = "/auth/me/avatar/",
    request_body(content = Picture, content_type = "multipart/form-data"),
    responses((status = 200, body = Account)),
)]
pub async fn put(app: Data<App>, Upload { user, file }: Upload) -> Result<HttpResponse, Error> {
    if file.is_empty() {
        return Err(Refusal::field("file", FieldCode::Required).into());
    }
    let jpeg = app.images.avatar("file", file).await?;
    // As hard to guess as the address of a chat.
    let id = Alphanumeric.sample_string(&mut rand::rng(), URI_LENGTH);
    set(app, user, Some((id, jpeg))).await
}

/// The letter in its place again.
#[utoipa::path(delete, path = "/auth/me/avatar/", responses((status = 200, body = Account)))]
pub async fn remove(app: Data<App>, SignedIn { user, .. }: SignedIn) -> Result<HttpResponse, Error> {
    app.limits.of_person(Personal::Name, user.id)?;
    set(app, user, None).await
}

async fn set(app: Data<App>, user: User, picture: Option<(String, Vec<u8>)>) -> Result<HttpResponse, Error> {
    let changed = to_the_end(async move {
        let stored = picture.as_ref().map(|(id, jpeg)| (id.as_str(), jpeg.as_slice()));
        let told = db::avatars::set(&mut *app.db.get().await?, user.id, stored).await?;
        app.people.forget(user.id);
        app.publish_members(told).await;
        Ok(User { avatar: picture.map(|(id, _)| id).unwrap_or_default(), ..user })
    });
    Ok(HttpResponse::Ok().json(account(changed.await?)))
}

/// Whoever sees somebody knows the name of their picture; another picture has another name.
#[utoipa::path(
    get, path = "/api/avatars/{avatar_id}/",
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 404)),
)]
pub async fn show(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let id = request.match_info().get("avatar_id").filter(|id| is_uri(id)).ok_or(ProblemCode::NotFound)?;
    let jpeg = db::avatars::find(&mut *app.db.get().await?, id).await?.ok_or(ProblemCode::NotFound)?;
    let immutable = CacheDirective::Extension("immutable".to_owned(), None);
    Ok(HttpResponse::Ok()
        .insert_header(ContentType::jpeg())
        .insert_header(CacheControl(vec![CacheDirective::Private, CacheDirective::MaxAge(YEAR), immutable]))
        .body(jpeg))
}
