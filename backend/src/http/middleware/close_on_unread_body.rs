//! Closes the connection after the response if a chunked request body was not read to its end. By default actix would wait
//! for the rest of the body, however slowly it arrives.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpMessage,
    body::{EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    middleware::Next,
    web::Bytes,
};
use futures_util::Stream;

use super::holding_body::HoldingBody;

pub async fn close<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, HoldingBody<B, SharedPayload>>>, Error> {
    if !request.chunked().unwrap_or(false) {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    let payload = SharedPayload(Rc::new(RefCell::new(request.take_payload())));
    request.set_payload(Payload::Stream { payload: Box::pin(payload.clone()) });
    let response = next.call(request).await?;
    // actix closes the connection if a payload is still alive after the response, and drains it if it was dropped.
    Ok(response.map_body(|_, body| EitherBody::right(HoldingBody::new(body, payload))))
}

/// A request payload that is owned by its reader and by the response.
#[derive(Clone)]
pub struct SharedPayload(Rc<RefCell<Payload>>);

impl Stream for SharedPayload {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}
