//! A response body that keeps something alive until it has been sent or dropped.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    body::{BodySize, MessageBody},
    web::Bytes,
};

pub struct HoldingBody<B, T> {
    body: Pin<Box<B>>,
    _held: T,
}

impl<B, T> HoldingBody<B, T> {
    pub fn new(body: B, held: T) -> Self {
        Self { body: Box::pin(body), _held: held }
    }
}

impl<B: MessageBody, T: Unpin> MessageBody for HoldingBody<B, T> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.body.as_mut().poll_next(context)
    }
}
