//! Refuses a frame by the length that its head declares, before its body comes in: the codec compares lengths only
//! once it has the whole frame, so that one peer could fill the memory.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{error::PayloadError, web::Bytes};
use futures_util::{Stream, StreamExt};

/// A head has 2 bytes, up to 8 more of length, and 4 of mask.
const HEAD_MAX: usize = 14;

/// The bytes of a client's frames, up to the first frame that is too long.
pub struct Guard<S> {
    bytes: S,
    frame_max: u64,
    /// What has come of the head that is being read.
    head: Vec<u8>,
    /// What is still to come of the body after it.
    body_left: u64,
}

impl<S> Guard<S> {
    pub fn new(bytes: S, frame_max: usize) -> Self {
        let frame_max = u64::try_from(frame_max).unwrap_or(u64::MAX);
        Self { bytes, frame_max, head: Vec::with_capacity(HEAD_MAX), body_left: 0 }
    }

    /// Walks over the frames in `chunk`; false as soon as one of them is too long.
    fn allows(&mut self, chunk: &[u8]) -> bool {
        let mut rest = chunk;
        loop {
            let skipped = usize::try_from(self.body_left).unwrap_or(usize::MAX).min(rest.len());
            self.body_left -= u64::try_from(skipped).unwrap_or(u64::MAX);
            let Some((byte, after)) = rest.get(skipped..).and_then(<[u8]>::split_first) else { return true };
            rest = after;
            self.head.push(*byte);
            if let Some(length) = body_length(&self.head) {
                self.head.clear();
                self.body_left = length;
                if length > self.frame_max {
                    return false;
                }
            }
        }
    }
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Stream for Guard<S> {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.bytes.poll_next_unpin(context).map(|next| match next {
            Some(Ok(chunk)) if !self.allows(&chunk) => Some(Err(PayloadError::Overflow)),
            next => next,
        })
    }
}

/// The length of the body that follows a head, once the head is whole (RFC 6455, section 5.2).
fn body_length(head: &[u8]) -> Option<u64> {
    let second = head.get(1)?;
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let (extra, length) = match second & 0x7f {
        126 => (2, u64::from(u16::from_be_bytes(*head.get(2..)?.first_chunk()?))),
        127 => (8, u64::from_be_bytes(*head.get(2..)?.first_chunk()?)),
        short => (0, u64::from(short)),
    };
    (head.len() == 2 + extra + mask).then_some(length)
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn frame(length: usize) -> Vec<u8> {
        let mut frame = vec![0x81];
        match length {
            0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
            126..65_536 => {
                frame.push(0x80 | 0x7e);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(0x80 | 0x7f);
                frame.extend(u64::try_from(length).unwrap().to_be_bytes());
            }
        }
        frame.extend([1, 2, 3, 4]);
        frame.extend(vec![0xff; length.min(100_000)]);
        frame
    }

    fn allows(bytes: &[u8], chunk: usize) -> bool {
        let mut guard = Guard::new((), 70_000);
        bytes.chunks(chunk).all(|chunk| guard.allows(chunk))
    }

    #[test]
    fn frames_within_the_limit_pass_however_they_are_cut() {
        let frames =
            [frame(0), frame(5), frame(125), frame(126), frame(65_535), frame(70_000), frame(1)].concat();
        for chunk in [1, 2, 3, 7, 1_024, frames.len()] {
            assert!(allows(&frames, chunk), "cut into {chunk}");
        }
    }

    #[test]
    fn a_frame_over_the_limit_is_refused_at_its_head() {
        for chunk in [1, 5, 100_000] {
            assert!(!allows(&[frame(5), frame(70_001)].concat(), chunk), "cut into {chunk}");
        }
        let mut huge = vec![0x82, 0x80 | 0x7f];
        huge.extend((1_u64 << 40).to_be_bytes());
        assert!(allows(&huge, 1), "the head is not whole yet");
        huge.extend([0; 4]);
        assert!(!allows(&huge, 1));
    }

    #[tokio::test]
    async fn the_stream_ends_in_an_overflow() {
        let chunks = [frame(5), frame(70_001)].map(|frame| Ok(Bytes::from(frame)));
        let passed: Vec<_> = Guard::new(stream::iter(chunks), 70_000).collect().await;
        assert!(matches!(passed.as_slice(), [Ok(_), Err(PayloadError::Overflow)]), "{passed:?}");
    }
}
