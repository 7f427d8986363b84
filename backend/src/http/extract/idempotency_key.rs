//! The header `Idempotency-Key`.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use shared::problem::ProblemCode;

use crate::error::{ApiError, Rejection};

pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Marks the repeated response to a repeated request.
pub const IDEMPOTENCY_REPLAYED: &str = "idempotency-replayed";

/// A request without the header, for calls that create something anew each time. To ignore the header would let clients believe that
/// a retry is safe.
pub struct NoIdempotencyKey;

impl FromRequest for NoIdempotencyKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if request.headers().contains_key(IDEMPOTENCY_KEY) {
            let detail = "This call does not support the header Idempotency-Key.";
            return ready(Err(Rejection::new(ProblemCode::Malformed).detail(detail).into()));
        }
        ready(Ok(Self))
    }
}
