//! Avatars.

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::header::{CacheControl, CacheDirective, ContentType},
    web::Data,
};
use rand::distr::{Alphanumeric, SampleString};
use shared::{
    chat::{URI_LENGTH, is_valid_uri},
    paths,
    problem::{FieldCode, ProblemCode},
    user::{Account, User},
};

use super::to_account;
use crate::{
    auth::{Authenticated, authenticated::ExtractFuture},
    detached::run_detached,
    error::{ApiError, Rejection},
    http::extract::upload::UploadHeader,
    images::Upload,
    rate_limit::UserLimit,
    state::AppState,
    store,
};

/// The multipart form. The image may also be the body itself.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only used for the OpenAPI description")]
struct AvatarForm {
    /// PNG, JPEG, GIF or WebP, at most 25 MiB and 40 megapixels unless configured otherwise.
    #[schema(format = Binary, content_media_type = "image/*")]
    file: String,
}

/// The uploaded file of an authenticated user. It is counted before its body is read, and the user is authenticated again
/// after that.
pub struct AvatarUpload {
    user: User,
    file: Vec<u8>,
    upload: Upload,
}

impl FromRequest for AvatarUpload {
    type Error = ApiError;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let app =
                Data::<AppState>::extract(&request).await.map_err(|error| anyhow::anyhow!("{error}"))?;
            let Authenticated { user, .. } = Authenticated::extract(&request).await?;
            let header = UploadHeader::from_request(&request)?;
            app.rate_limits.check_user(UserLimit::Upload, user.id)?;
            app.rate_limits.check_upload_bytes(user.id, header.length())?;
            let mut upload = app.images.begin_upload(user.id)?;
            let bytes = header.receive(&request, payload, |bytes| upload.reserve(bytes)).await?;
            let Authenticated { user, .. } = Authenticated::extract(&request).await?;
            Ok(Self { user, file: header.parse(&request, bytes).await?, upload })
        })
    }
}

const YEAR_SECONDS: u32 = 365 * 24 * 60 * 60;

/// Replaces the caller's avatar.
#[utoipa::path(
    put, path = paths::MY_AVATAR, operation_id = "replaceAvatar",
    request_body(content = AvatarForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Account)),
)]
pub async fn replace(
    app: Data<AppState>,
    AvatarUpload { user, file, upload }: AvatarUpload,
) -> Result<HttpResponse, ApiError> {
    if file.is_empty() {
        return Err(Rejection::field("file", FieldCode::Required).into());
    }
    let jpeg = app.images.create_avatar("file", file, upload).await?;
    // As hard to guess as the URI of a chat.
    let id = Alphanumeric.sample_string(&mut rand::rng(), URI_LENGTH);
    set_avatar(app, user, Some((id, jpeg))).await
}

/// Removes the caller's avatar.
#[utoipa::path(
    delete, path = paths::MY_AVATAR, operation_id = "removeAvatar",
    responses((status = 200, body = Account)),
)]
pub async fn remove(
    app: Data<AppState>,
    Authenticated { user, .. }: Authenticated,
) -> Result<HttpResponse, ApiError> {
    app.rate_limits.check_user(UserLimit::Rename, user.id)?;
    set_avatar(app, user, None).await
}

async fn set_avatar(
    app: Data<AppState>,
    user: User,
    avatar: Option<(String, Vec<u8>)>,
) -> Result<HttpResponse, ApiError> {
    let updated = run_detached(async move {
        let stored = avatar.as_ref().map(|(id, jpeg)| (id.as_str(), jpeg.as_slice()));
        let changed = store::avatars::set(&mut *app.db.get().await?, user.id, stored).await?;
        app.auth.cache.invalidate_user(user.id);
        app.chats.publish_members(changed).await;
        Ok(User { avatar: avatar.map(|(id, _)| id).unwrap_or_default(), ..user })
    });
    Ok(HttpResponse::Ok().json(to_account(updated.await?)))
}

/// Shows an avatar. Its id is secret, and changes with the image.
#[utoipa::path(
    get, path = paths::AVATAR, operation_id = "getAvatar",
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 404)),
)]
pub async fn show(app: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let id =
        request.match_info().get("avatar_id").filter(|id| is_valid_uri(id)).ok_or(ProblemCode::NotFound)?;
    let jpeg = store::avatars::find(&mut *app.db.get().await?, id).await?.ok_or(ProblemCode::NotFound)?;
    let immutable = CacheDirective::Extension("immutable".to_owned(), None);
    Ok(HttpResponse::Ok()
        .insert_header(ContentType::jpeg())
        .insert_header(CacheControl(vec![
            CacheDirective::Private,
            CacheDirective::MaxAge(YEAR_SECONDS),
            immutable,
        ]))
        .body(jpeg))
}
