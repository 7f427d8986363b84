//! Uploading and downloading the files of messages.

mod content;
mod file_upload;
mod media_types;
mod space;
mod storing;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json},
};
use chrono::DateTime;
use shared::{
    file::{FileToken, MessageFile, Rendition},
    paths,
    problem::{FieldCode, ProblemCode},
};

use self::file_upload::{FileUpload, UploadQuery};
use crate::{
    auth::{Authenticated, ChatReader, authenticated::check_session, policy::extractors::limit_uri_probing},
    detached::run_detached,
    error::{ApiError, Rejection},
    http::extract::{
        body::{FieldReader, FromFields, parse_query},
        client_ip::client_ip,
        path_parameter,
    },
    state::AppState,
    store::stored_files,
};

/// Uploads a file for a message of the chat. The body is the file. Sending it again with the same id has no effect.
#[utoipa::path(
    put, path = paths::CHAT_FILE, operation_id = "uploadFile",
    params(UploadQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, body = MessageFile, description = "The file was uploaded before."),
        (status = 201, body = MessageFile),
        (status = 422),
    ),
)]
pub async fn upload(app: Data<AppState>, upload: FileUpload) -> Result<HttpResponse, ApiError> {
    if upload.received.size == 0 {
        return Err(Rejection::field("file", FieldCode::Required).into());
    }
    let (file, is_new) = run_detached(async move { storing::store(&app, &upload).await }).await?;
    let mut response = if is_new { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(response.json(file.into_message_file()))
}

#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DownloadFileQuery {
    /// Which form of an image; other files have only one.
    #[param(inline)]
    size: Option<Rendition>,
    /// Whether the browser should save the file rather than show it.
    download: Option<bool>,
    /// From `POST /api/chats/<uri>/file_tokens/`, in place of the header `Authorization`.
    token: Option<String>,
}

/// Downloads a file. Ranges are supported. The token in the query is for browsers, which load images and videos without a header.
#[utoipa::path(
    get, path = paths::CHAT_FILE, operation_id = "downloadFile",
    params(DownloadFileQuery),
    responses(
        (status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, description = "A part of the file."),
        (status = 304, description = "Nothing changed since the `ETag`."),
        (status = 404),
        (status = 416, description = "The file is shorter than the range."),
    ),
)]
pub async fn download(
    app: Data<AppState>,
    authenticated: Result<Authenticated, ApiError>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let DownloadFileQuery { size, download, token } = parse_query(&request)?;
    let grant = token.map(|token| app.auth.file_tokens.verify(&token)).transpose()?;
    let user_id = match grant {
        Some(grant) => {
            check_session(&app.auth, grant.session_id, grant.user_id).await?;
            grant.user_id
        }
        None => authenticated?.user.id,
    };
    let uri = request.match_info().get("uri").unwrap_or_default();
    let reader = ChatReader::find(&app.auth, user_id, uri).await;
    let ChatReader { chat, .. } = limit_uri_probing(&app.auth, client_ip(&request, &app.config), reader)?;
    if grant.is_some_and(|grant| grant.chat_id != chat.id) {
        return Err(ProblemCode::InvalidToken.into());
    }
    let id = path_parameter(&request, "file_id")?;
    // The connection is not kept while the content is sent to a slow client.
    let found = stored_files::find_visible(&mut *app.db.get().await?, id, chat.id, user_id).await?;
    let file = found.ok_or(ProblemCode::NotFound)?;
    let cache_seconds = grant.map(|grant| app.auth.file_tokens.seconds_left(grant));
    let content = content::Content::new(&file, size.unwrap_or_default(), download.unwrap_or_default());
    content.respond(&app.file_storage, &request, cache_seconds).await
}

/// Returns a token for the URLs of the chat's files.
#[utoipa::path(
    post, path = paths::CHAT_FILE_TOKENS, operation_id = "createFileToken",
    responses((status = 200, body = FileToken)),
)]
pub async fn issue_token(
    app: Data<AppState>,
    Authenticated { claims, .. }: Authenticated,
    ChatReader { user, chat, .. }: ChatReader,
) -> Result<Json<FileToken>, ApiError> {
    let (token, grant) = app.auth.file_tokens.issue(user.id, claims.sid, chat.id);
    let expires_at = DateTime::from_timestamp(grant.expires_at, 0).unwrap_or_default();
    Ok(Json(FileToken { token, expires_at }))
}

impl FromFields for DownloadFileQuery {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self {
            size: fields.optional_choice("size"),
            download: fields.optional_bool("download"),
            token: fields.optional_text("token", |_| Ok(())),
        }
    }
}
