//! An extractor that authorizes a request again after its body has arrived (TOCTOU).
//!
//! A body may take half a minute. A user who was removed or signed out in the meantime must not act any more. The request is
//! also authorized before the body is read, so that an unauthorized one is rejected at once.

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use crate::{
    auth::authenticated::ExtractFuture,
    error::ApiError,
    http::extract::body::{self, FromFields},
};

/// The authorization `G`, granted after the body arrived, and the body.
pub struct Authorized<G, T>(pub G, pub T);

impl<G, T> FromRequest for Authorized<G, T>
where
    G: FromRequest<Error = ApiError> + 'static,
    T: FromFields + 'static,
{
    type Error = ApiError;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            G::extract(&request).await?;
            let bytes = body::receive(&request, payload).await?;
            let grant = G::extract(&request).await?;
            Ok(Self(grant, body::parse(&request, bytes).await?))
        })
    }
}
