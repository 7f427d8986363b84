//! What a browser asks before a page of another origin may do something: a refusal is a problem as any other.

use actix_web::{
    Error, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN},
    },
    middleware::Next,
};
use shared::problem::ProblemCode;

use crate::problem::{self, Refusal};

pub async fn explain<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let is_preflight = *request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let response = next.call(request).await?;
    match response.response().error().map(ToString::to_string) {
        Some(why) if is_preflight && response.status().is_client_error() => {
            let refusal =
                problem::Error::from(Refusal::new(ProblemCode::ForeignOrigin).detail(format!("{why}.")));
            Ok(response.into_response(refusal.error_response()).map_into_right_body())
        }
        _ => Ok(response.map_into_left_body()),
    }
}
