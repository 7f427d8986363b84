//! Files: as the body itself, or as the one part of a form.

use std::{future::Future, pin::Pin};

use actix_multipart::Multipart;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header::CONTENT_LENGTH};
use futures_util::{StreamExt, TryStreamExt, stream};
use shared::{
    problem::{FieldCode, ProblemCode},
    user::User,
};
use tokio::time::timeout;

use super::{collect, too_large};
use crate::{
    auth::{SignedIn, granted, signed_in::app},
    config::limits::LimitSettings,
    problem::{Error, Refusal},
};

/// What a form adds to a file.
const FORM_BYTES: usize = 4 * 1_024;

/// A file of somebody who is signed in, not larger than is allowed, and counted before it is read. What it is has still to
/// be looked at: what it says to be counts for nothing.
pub struct Upload {
    pub user: User,
    pub file: Vec<u8>,
}

impl FromRequest for Upload {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let signed_in = SignedIn::from_request(request, payload);
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let (app, SignedIn { user, .. }) = (app(&request)?, signed_in.await?);
            let LimitSettings { limit_image, limit_body_time, .. } = app.config.limits;
            let kind = request.content_type().to_ascii_lowercase();
            let is_form = kind == "multipart/form-data";
            if !is_form && !kind.starts_with("image/") {
                return Err(Refusal::new(ProblemCode::UnsupportedMediaType)
                    .detail(format!("Unsupported media type \"{kind}\" in request."))
                    .into());
            }
            let most = limit_image.0 + if is_form { FORM_BYTES } else { 0 };
            // What does not say its length may be of any.
            let declared = request.headers().get(CONTENT_LENGTH);
            let declared = declared.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(most);
            if declared > most {
                return Err(too_large(most));
            }
            app.limits.upload_of(user.id, declared)?;
            let _place = app.images.reading()?;
            let collected = timeout(limit_body_time.0, collect(payload, most)).await;
            let bytes = collected.map_err(|_| ProblemCode::BodyTimeout)??;
            granted::still(&request).await?;
            if !is_form {
                return Ok(Self { user, file: bytes.into() });
            }
            let parts = Multipart::new(request.headers(), stream::iter([Ok(bytes.freeze())]));
            Ok(Self { user, file: only_file(parts).await? })
        })
    }
}

/// The first part is the file; whatever else a form holds is not asked for.
async fn only_file(mut parts: Multipart) -> Result<Vec<u8>, Error> {
    let malformed = |error: actix_multipart::MultipartError| {
        Refusal::new(ProblemCode::Malformed).detail(format!("Multipart form parse error - {error}"))
    };
    let part = parts.next().await.transpose().map_err(malformed)?;
    let part = part.ok_or_else(|| Refusal::field("file", FieldCode::Required))?;
    let file = part.try_fold(Vec::new(), async |mut file, chunk| {
        file.extend_from_slice(&chunk);
        Ok(file)
    });
    Ok(file.await.map_err(malformed)?)
}
