//! Files: as the body itself, or as the one part of a form.

use std::{future::Future, pin::Pin};

use actix_multipart::Multipart;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use futures_util::{StreamExt, TryStreamExt, stream};
use shared::problem::{FieldCode, ProblemCode};
use tokio::time::timeout;

use super::collect;
use crate::{
    auth::signed_in::app,
    config::limits::LimitSettings,
    problem::{Error, Refusal},
};

/// What a form adds to a file.
const FORM_BYTES: usize = 4 * 1_024;

/// A file, not larger than is allowed. What it is has still to be looked at: what it says to be counts for nothing.
pub struct Upload(pub Vec<u8>);

impl FromRequest for Upload {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let LimitSettings { limit_image, limit_body_time, .. } = app(&request)?.config.limits;
            let kind = request.content_type().to_ascii_lowercase();
            let is_form = kind == "multipart/form-data";
            if !is_form && !kind.starts_with("image/") {
                return Err(Refusal::new(ProblemCode::UnsupportedMediaType)
                    .detail(format!("Unsupported media type \"{kind}\" in request."))
                    .into());
            }
            let most = limit_image.0 + if is_form { FORM_BYTES } else { 0 };
            let collected = timeout(limit_body_time.0, collect(payload, most)).await;
            let bytes = collected.map_err(|_| ProblemCode::BodyTimeout)??;
            if !is_form {
                return Ok(Self(bytes.into()));
            }
            let parts = Multipart::new(request.headers(), stream::iter([Ok(bytes.freeze())]));
            only_file(parts).await.map(Self)
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
