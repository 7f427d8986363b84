//! Tells the connection which request is served and how much of its body is wanted, so that nothing else is read meanwhile.

use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::header,
    middleware::Next,
    web::Bytes,
};
use futures_util::Stream;

use super::holding_body::HoldingBody;
use crate::http::connection::{RequestInFlight, RequestTracker};

pub async fn track<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<HoldingBody<B, Option<RequestInFlight>>>, Error> {
    let requests = request.conn_data::<Rc<RequestTracker>>().cloned();
    let in_flight = requests.as_ref().map(RequestTracker::begin);
    if let Some(requests) = requests {
        let left = content_length(&request).unwrap_or(u64::MAX);
        let payload = request.take_payload();
        request.set_payload(match payload {
            Payload::None => Payload::None,
            payload => Payload::Stream { payload: Box::pin(TrackedPayload { payload, requests, left }) },
        });
    }
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| HoldingBody::new(body, in_flight)))
}

fn content_length(request: &ServiceRequest) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A request body that tells when it is waited for.
struct TrackedPayload {
    payload: Payload,
    requests: Rc<RequestTracker>,
    /// How many bytes are still to come, at most.
    left: u64,
}

impl Stream for TrackedPayload {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.payload).poll_next(context);
        if let Poll::Ready(Some(Ok(bytes))) = &next {
            self.left = self.left.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        }
        self.requests.set_body_demand(next.is_pending().then_some(self.left));
        next
    }
}
