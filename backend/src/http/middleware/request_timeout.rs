//! Limits the duration of every request. A frozen database does not respond at all, so that not even its statement timeout
//! applies.

use std::time::Duration;

use actix_web::{
    Error, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};
use shared::problem::ProblemCode;
use tokio::time::timeout;

use crate::{
    error::{ApiError, Rejection},
    http::extract,
};

const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Responds with `busy` if the request takes too long.
pub async fn enforce<B: MessageBody>(
    service_request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let request = service_request.request().clone();
    let limit = extract::config(&request)?.limits.limit_request_timeout.0;
    if let Ok(response) = timeout(limit, next.call(service_request)).await {
        return response.map(ServiceResponse::map_into_left_body);
    }
    let rejection = Rejection::new(ProblemCode::Busy).retry_after(RETRY_AFTER);
    let response = ApiError::from(rejection).error_response();
    Ok(ServiceResponse::new(request, response).map_into_right_body())
}
