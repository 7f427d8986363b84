//! No request waits without end, whatever it waits for: a database that is frozen rather than gone answers nothing,
//! not even that a statement took too long.

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
    auth::signed_in::app,
    problem::{self, Refusal},
};

/// Answers in time, if only with the word that the server is busy.
pub async fn keep<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let asked = request.request().clone();
    let within = app(&asked)?.config.limits.limit_answer_time.0;
    if let Ok(answered) = timeout(within, next.call(request)).await {
        return answered.map(ServiceResponse::map_into_left_body);
    }
    let busy = Refusal::new(ProblemCode::Busy).retry_after(Duration::from_secs(5));
    let response = problem::Error::from(busy).error_response();
    Ok(ServiceResponse::new(asked, response).map_into_right_body())
}
