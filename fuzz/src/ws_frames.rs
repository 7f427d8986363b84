//! WebSocket frames.

use ws_frame::{CONTROL_PAYLOAD_MAX, FrameDecoder, IncomingFrame};

#[derive(Debug, PartialEq, Eq)]
enum DecodedFrame {
    Text(Vec<u8>),
    Fragment,
    Ping(Vec<u8>),
    Pong,
    Close,
    Error(String),
}

/// The decoded frames do not depend on how the bytes are split, and their size is bounded. The first byte sets the size
/// limit, the second the size of the chunks.
pub fn check(data: &[u8]) {
    let [limit, chunk_size, bytes @ ..] = data else { return };
    let max_size = usize::from(*limit) * 8;
    let whole = decode(bytes, bytes.len().max(1), max_size);
    let chunked = decode(bytes, usize::from(*chunk_size) + 1, max_size);
    assert_eq!(whole, chunked, "frames depend on how the bytes are split");
    for frame in whole {
        match frame {
            DecodedFrame::Text(text) => assert!(text.len() <= max_size, "{} of {max_size} bytes", text.len()),
            DecodedFrame::Ping(payload) => {
                assert!(payload.len() <= CONTROL_PAYLOAD_MAX, "a ping of {} bytes", payload.len());
            }
            _ => {}
        }
    }
}

fn decode(bytes: &[u8], chunk_size: usize, max_size: usize) -> Vec<DecodedFrame> {
    let (mut decoder, mut frames) = (FrameDecoder::new(max_size), Vec::new());
    for chunk in bytes.chunks(chunk_size) {
        decoder.push(chunk);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => frames.push(DecodedFrame::from(frame)),
                Ok(None) => break,
                Err(error) => {
                    frames.push(DecodedFrame::Error(format!("{error:?}")));
                    return frames;
                }
            }
        }
        decoder.shrink();
    }
    frames
}

impl From<IncomingFrame<'_>> for DecodedFrame {
    fn from(frame: IncomingFrame<'_>) -> Self {
        match frame {
            IncomingFrame::Text(text) => Self::Text(text.to_vec()),
            IncomingFrame::Fragment => Self::Fragment,
            IncomingFrame::Ping(payload) => Self::Ping(payload.to_vec()),
            IncomingFrame::Pong => Self::Pong,
            IncomingFrame::Close => Self::Close,
        }
    }
}
