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

use crate::problem::{self, Refusal};

/// Longer than a body may take to arrive and a statement to run.
const ANSWERED_WITHIN: Duration = Duration::from_secs(45);

/// Answers in time, if only with the word that the server is busy.
pub async fn keep<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let asked = request.request().clone();
    if let Ok(answered) = timeout(ANSWERED_WITHIN, next.call(request)).await {
        return answered.map(ServiceResponse::map_into_left_body);
    }
    let busy = Refusal::new(ProblemCode::Busy).retry_after(Duration::from_secs(5));
    let response = problem::Error::from(busy).error_response();
    Ok(ServiceResponse::new(asked, response).map_into_right_body())
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use actix_web::{App, HttpResponse, middleware::from_fn, test, web};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_request_that_waits_for_something_silent_is_told_to_come_back() {
        let silent = web::resource("/silent").wrap(from_fn(keep)).to(pending::<HttpResponse>);
        let quick = web::resource("/quick").wrap(from_fn(keep)).to(HttpResponse::Ok);
        let app = test::init_service(App::new().service(silent).service(quick)).await;
        let of = |path| test::TestRequest::with_uri(path).to_request();
        assert_eq!(test::call_service(&app, of("/quick")).await.status(), 200);
        let response = test::call_service(&app, of("/silent")).await;
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers().get("retry-after").unwrap(), "5");
    }
}
