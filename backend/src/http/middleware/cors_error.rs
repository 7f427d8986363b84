//! Turns a rejected CORS preflight into a problem document.

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

use crate::error::{ApiError, Rejection};

pub async fn replace_body<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let is_preflight = *request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let response = next.call(request).await?;
    match response.response().error().map(ToString::to_string) {
        Some(reason) if is_preflight && response.status().is_client_error() => {
            let rejection = Rejection::new(ProblemCode::CrossOriginForbidden).detail(format!("{reason}."));
            Ok(response.into_response(ApiError::from(rejection).error_response()).map_into_right_body())
        }
        _ => Ok(response.map_into_left_body()),
    }
}
