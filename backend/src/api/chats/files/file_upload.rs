//! The extractor of an upload.

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use shared::{
    file::{FILE_NAME_MAX, check_file_name},
    id::UserId,
    problem::{FieldCode, FieldError},
    user::User,
};
use uuid::Uuid;

use super::space;
use crate::{
    auth::{ChatWriter, authenticated::ExtractFuture},
    concurrency_limit::ConcurrencyPermit,
    error::{ApiError, Rejection, field_error},
    file_storage::DiskReservation,
    http::extract::{
        body::{FieldReader, FromFields, parse_query},
        file_body::{FileHeader, ReceivedFile},
        path_parameter,
    },
    rate_limit::UserLimit,
    state::AppState,
    store::chats::ChatRef,
};

#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    /// One line of 1 to 255 characters without `/` and `\`.
    #[param(min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f/\\]+$")]
    name: String,
}

/// A received file of a user who may write to the chat, which was checked before and after its body was received.
pub struct FileUpload {
    pub user: User,
    pub chat: ChatRef,
    pub id: Uuid,
    pub name: String,
    pub received: ReceivedFile,
    _permit: ConcurrencyPermit<UserId>,
    _space: DiskReservation,
}

impl FromRequest for FileUpload {
    type Error = ApiError;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let app =
                Data::<AppState>::extract(&request).await.map_err(|error| anyhow::anyhow!("{error}"))?;
            let ChatWriter { user, chat, .. } = ChatWriter::extract(&request).await?;
            let UploadQuery { name } = parse_query(&request)?;
            check_name(&name)?;
            let id = path_parameter(&request, "file_id")?;
            let header = FileHeader::from_request(&request)?;
            app.rate_limits.check_user(UserLimit::File, user.id)?;
            let permit = app.file_storage.begin_upload(user.id)?;
            let space = app.file_storage.reserve_disk(header.length().try_into().unwrap_or(u64::MAX))?;
            space::check_acceptable(&app, id, user.id, chat.id).await?;
            // Refused files do not count.
            app.rate_limits.check_upload_bytes(user.id, header.length())?;
            let received = header.receive(payload, app.file_storage.create_temporary().await?).await?;
            let ChatWriter { user, chat, .. } = ChatWriter::extract(&request).await?;
            Ok(Self { user, chat, id, name, received, _permit: permit, _space: space })
        })
    }
}

fn check_name(name: &str) -> Result<(), ApiError> {
    check_file_name(name).map_err(|code| {
        let error = field_error("name", code);
        let error = match code {
            FieldCode::TooLong => FieldError {
                detail: format!("Ensure this field has no more than {FILE_NAME_MAX} characters."),
                ..error
            },
            _ => error,
        };
        Rejection::fields(vec![error]).into()
    })
}

impl FromFields for UploadQuery {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self { name: fields.text("name", |_| Ok(())) }
    }
}
