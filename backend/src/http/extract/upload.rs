//! Uploaded files: the body itself, or the first part of a multipart form.

use actix_multipart::Multipart;
use actix_web::{HttpMessage, HttpRequest, dev::Payload, http::header::CONTENT_LENGTH, web::BytesMut};
use futures_util::{StreamExt, TryStreamExt, stream};
use shared::problem::{FieldCode, ProblemCode};

use super::{
    body::{check_content_encoding, receive_within, too_large},
    config,
};
use crate::{
    config::limits::LimitSettings,
    error::{ApiError, Rejection},
};

/// The overhead of a multipart form with one file.
const FORM_BYTES: usize = 4 * 1_024;

/// What the headers say about an upload. Whether the file is an image is checked later: the content type is not trusted.
pub struct UploadHeader {
    is_form: bool,
    limit: usize,
    length: usize,
}

impl UploadHeader {
    /// Fails for other content types, and for files that are too large.
    pub fn from_request(request: &HttpRequest) -> Result<Self, ApiError> {
        check_content_encoding(request)?;
        let content_type = request.content_type().to_ascii_lowercase();
        let is_form = content_type == "multipart/form-data";
        if !is_form && !content_type.starts_with("image/") {
            return Err(Rejection::new(ProblemCode::UnsupportedMediaType)
                .detail(format!("Unsupported media type \"{content_type}\" in request."))
                .into());
        }
        let limit = config(request)?.limits.limit_image_bytes.0 + if is_form { FORM_BYTES } else { 0 };
        let length = request.headers().get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(limit);
        if length > limit { Err(too_large(limit)) } else { Ok(Self { is_form, limit, length }) }
    }

    /// The declared length; without one, the limit.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Receives the body; each part is `reserve`d first.
    pub async fn receive(
        &self,
        request: &HttpRequest,
        payload: Payload,
        reserve: impl FnMut(usize) -> Result<(), ApiError>,
    ) -> Result<BytesMut, ApiError> {
        let LimitSettings { limit_body_timeout, .. } = config(request)?.limits;
        // A buffer that grows leaves its former copies behind, which are as large again. Memory is only taken once it is written.
        let buffer = BytesMut::with_capacity(self.length);
        receive_within(payload, buffer, self.limit, limit_body_timeout.0, reserve).await
    }

    /// The file in a received body.
    pub async fn parse(&self, request: &HttpRequest, bytes: BytesMut) -> Result<Vec<u8>, ApiError> {
        if !self.is_form {
            return Ok(bytes.into());
        }
        let file = Vec::with_capacity(bytes.len());
        first_file(Multipart::new(request.headers(), stream::iter([Ok(bytes.freeze())])), file).await
    }
}

/// Appends the first part, which is the file; the other parts are ignored.
async fn first_file(mut parts: Multipart, file: Vec<u8>) -> Result<Vec<u8>, ApiError> {
    let malformed = |error: actix_multipart::MultipartError| {
        Rejection::new(ProblemCode::Malformed).detail(format!("Multipart form parse error - {error}"))
    };
    let part = parts.next().await.transpose().map_err(malformed)?;
    let part = part.ok_or_else(|| Rejection::field("file", FieldCode::Required))?;
    let file = part.try_fold(file, async |mut file, chunk| {
        file.extend_from_slice(&chunk);
        Ok(file)
    });
    Ok(file.await.map_err(malformed)?)
}
