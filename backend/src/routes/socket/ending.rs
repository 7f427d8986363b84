//! Ends the connection once its socket has ended: actix itself goes on reading, and throwing away, whatever a peer
//! that does not hang up keeps sending.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    web::Bytes,
};
use tokio::time::{Sleep, sleep};

/// Long enough for the close frame to leave, and for a peer that keeps to the protocol to hang up first.
const HANG_UP_AFTER: Duration = Duration::from_secs(1);

/// The frames that go out, and then the end of the connection.
pub struct Ending {
    frames: BoxBody,
    hanging_up: Option<Pin<Box<Sleep>>>,
}

impl Ending {
    pub fn after(frames: BoxBody) -> Self {
        Self { frames, hanging_up: None }
    }
}

impl MessageBody for Ending {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if let Some(timer) = &mut self.hanging_up {
            // The only way in which a body can end its connection is to fail.
            return timer.as_mut().poll(context).map(|()| Some(Err(io::Error::other("hung up").into())));
        }
        match Pin::new(&mut self.frames).poll_next(context) {
            Poll::Ready(None) => {
                self.hanging_up = Some(Box::pin(sleep(HANG_UP_AFTER)));
                self.poll_next(context)
            }
            next => next,
        }
    }
}
