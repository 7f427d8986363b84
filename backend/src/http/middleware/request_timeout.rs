//! Limits the duration of every request. A frozen database does not respond at all, so that not even its statement timeout
//! applies.

use std::time::Duration;

use actix_web::{
    Error, HttpRequest, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
};
use shared::{paths, problem::ProblemCode};
use tokio::time::timeout;

use crate::{
    error::{ApiError, Rejection},
    http::extract::{
        self,
        file_body::{FileHeader, time_for},
    },
};

const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Responds with `busy` if the request takes too long.
pub async fn enforce<B: MessageBody>(
    service_request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let request = service_request.request().clone();
    if let Ok(response) = timeout(time_limit(&request)?, next.call(service_request)).await {
        return response.map(ServiceResponse::map_into_left_body);
    }
    let rejection = Rejection::new(ProblemCode::Busy).retry_after(RETRY_AFTER);
    let response = ApiError::from(rejection).error_response();
    Ok(ServiceResponse::new(request, response).map_into_right_body())
}

/// An upload of a file has time for its body besides.
fn time_limit(request: &HttpRequest) -> Result<Duration, ApiError> {
    let limit = extract::config(request)?.limits.limit_request_timeout.0;
    let is_upload = *request.method() == Method::PUT
        && request.match_pattern().is_some_and(|path| path == paths::CHAT_FILE.trim_end_matches('/'));
    if !is_upload {
        return Ok(limit);
    }
    Ok(FileHeader::from_request(request).map_or(limit, |header| limit + time_for(header.length())))
}
