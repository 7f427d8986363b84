//! Decodes the frames that a client sends. A frame is rejected by the length its header declares, before its payload
//! arrives, so memory holds at most one message of the largest allowed size.

use crate::{
    CONTROL_PAYLOAD_MAX,
    header::{FINAL, MASKED, OPCODE, RESERVED, read_length},
    opcode,
};

#[derive(Debug, PartialEq, Eq)]
pub enum IncomingFrame<'a> {
    /// A complete text message, of one or several frames.
    Text(&'a [u8]),
    /// A part of a fragmented message that is not complete yet.
    Fragment,
    Ping(&'a [u8]),
    Pong,
    Close,
}

/// Why the connection must be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    TooLarge,
    /// A violation of the protocol, with a reason for the close frame.
    Protocol(&'static str),
}

/// Collects received bytes and splits them into frames.
pub struct FrameDecoder {
    /// The largest frame, and the largest fragmented message, in bytes.
    max_size: usize,
    buffer: Vec<u8>,
    /// How many bytes of the buffer are decoded.
    consumed: usize,
    /// The fragments of a message received so far.
    message: Option<Vec<u8>>,
    /// The fragmented message is complete and was returned.
    is_message_returned: bool,
}

struct FrameHeader {
    is_final: bool,
    opcode: u8,
    mask: [u8; 4],
    payload: std::ops::Range<usize>,
}

impl FrameDecoder {
    pub fn new(max_size: usize) -> Self {
        Self { max_size, buffer: Vec::new(), consumed: 0, message: None, is_message_returned: false }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Releases what is decoded: an idle connection holds no buffer.
    pub fn shrink(&mut self) {
        if self.consumed == self.buffer.len() {
            self.buffer = Vec::new();
        } else {
            self.buffer.drain(..self.consumed);
        }
        self.consumed = 0;
    }

    /// The next frame, or none until it is complete.
    pub fn next_frame(&mut self) -> Result<Option<IncomingFrame<'_>>, DecodeError> {
        if std::mem::take(&mut self.is_message_returned) {
            self.message = None;
        }
        let rest = self.buffer.get(self.consumed..).unwrap_or_default();
        let Some(header) = read_header(rest, self.max_size)? else { return Ok(None) };
        let (start, end) = (self.consumed + header.payload.start, self.consumed + header.payload.end);
        let Some(payload) = self.buffer.get_mut(start..end) else { return Ok(None) };
        self.consumed = end;
        unmask(payload, header.mask);
        match (header.opcode, header.is_final, &mut self.message) {
            (opcode::TEXT, true, None) => Ok(Some(IncomingFrame::Text(payload))),
            (opcode::TEXT, false, message @ None) => {
                *message = Some(payload.to_vec());
                Ok(Some(IncomingFrame::Fragment))
            }
            (opcode::CONTINUATION, is_final, Some(message)) => {
                if message.len() + payload.len() > self.max_size {
                    return Err(DecodeError::TooLarge);
                }
                message.extend_from_slice(payload);
                self.is_message_returned = is_final;
                Ok(Some(if is_final { IncomingFrame::Text(message) } else { IncomingFrame::Fragment }))
            }
            (opcode::CLOSE, ..) => Ok(Some(IncomingFrame::Close)),
            (opcode::PING, ..) => Ok(Some(IncomingFrame::Ping(payload))),
            (opcode::PONG, ..) => Ok(Some(IncomingFrame::Pong)),
            (opcode::BINARY, ..) => Err(DecodeError::Protocol("binary frames are not supported")),
            _ => Err(DecodeError::Protocol("unexpected opcode, or messages are interleaved")),
        }
    }
}

/// Reads the header at the beginning of `bytes`. None until it is complete; an error if it is not allowed.
fn read_header(bytes: &[u8], max_size: usize) -> Result<Option<FrameHeader>, DecodeError> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    let (is_final, opcode) = (first & FINAL != 0, first & OPCODE);
    if first & RESERVED != 0 {
        return Err(DecodeError::Protocol("reserved bits are set without a negotiated extension"));
    }
    if second & MASKED == 0 {
        return Err(DecodeError::Protocol("client frames must be masked"));
    }
    let length = read_length(*second, rest);
    let Some(value) = length.value else { return Ok(None) };
    let size = usize::try_from(value).ok().filter(|size| *size <= max_size).ok_or(DecodeError::TooLarge)?;
    if opcode & 0x8 != 0 && (size > CONTROL_PAYLOAD_MAX || !is_final) {
        return Err(DecodeError::Protocol("control frames must be short and unfragmented"));
    }
    let mask = rest.get(length.extended_bytes..).and_then(<[u8]>::first_chunk);
    let Some(mask) = mask else { return Ok(None) };
    let start = 2 + length.extended_bytes + mask.len();
    Ok(Some(FrameHeader { is_final, opcode, mask: *mask, payload: start..start + size }))
}

/// Eight bytes at a time.
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let wide_mask = u64::from_ne_bytes([mask, mask].concat().try_into().unwrap_or_default());
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide_mask).to_ne_bytes();
    }
    rest.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: [u8; 4] = [1, 2, 3, 4];
    const FRAME_MAX: usize = 64 * 1024;

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        match payload.len() {
            length @ 0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
            length @ 126..65_536 => {
                frame.push(0xfe);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            length => {
                frame.push(0xff);
                frame.extend(u64::try_from(length).unwrap().to_be_bytes());
            }
        }
        frame.extend(MASK);
        frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        frame
    }

    /// Decodes bytes that arrive in chunks of this size.
    fn decode(bytes: &[u8], chunk_size: usize) -> Result<Vec<Vec<u8>>, DecodeError> {
        let (mut decoder, mut frames) = (FrameDecoder::new(FRAME_MAX), Vec::new());
        for chunk in bytes.chunks(chunk_size) {
            decoder.push(chunk);
            while let Some(frame) = decoder.next_frame()? {
                match frame {
                    IncomingFrame::Text(text) => frames.push(text.to_vec()),
                    IncomingFrame::Ping(payload) => frames.push([b"ping ", payload].concat()),
                    IncomingFrame::Close => frames.push(b"close".to_vec()),
                    IncomingFrame::Fragment | IncomingFrame::Pong => {}
                }
            }
            decoder.shrink();
        }
        let buffer = &decoder.buffer;
        assert!(buffer.capacity() == 0 || !buffer.is_empty(), "an empty buffer holds no memory");
        Ok(frames)
    }

    #[test]
    fn frames_decode_for_every_chunk_size() {
        let long = vec![b'x'; FRAME_MAX];
        let bytes = [
            frame(0x81, b"tea"),
            frame(0x81, b""),
            frame(0x89, b"ping?"),
            frame(0x81, &long[..300]),
            frame(0x8a, b""),
            frame(0x81, &long),
            frame(0x88, &[3, 232]),
        ]
        .concat();
        let expected =
            [&b"tea"[..], b"", b"ping ping?", &long[..300], &long, b"close"].map(<[u8]>::to_vec).to_vec();
        for chunk_size in [1, 2, 3, 7, 1_024, bytes.len()] {
            assert_eq!(decode(&bytes, chunk_size).as_ref(), Ok(&expected), "chunks of {chunk_size}");
        }
    }

    #[test]
    fn fragments_may_have_a_ping_between_them() {
        let frames =
            [frame(0x01, b"t"), frame(0x00, b"e"), frame(0x89, b""), frame(0x80, b"a"), frame(0x81, b"!")];
        let expected = [&b"ping "[..], b"tea", b"!"].map(<[u8]>::to_vec).to_vec();
        assert_eq!(decode(&frames.concat(), 5), Ok(expected));
    }

    #[test]
    fn oversized_frame_is_rejected_by_its_header() {
        let mut huge = vec![0x81, 0xff];
        huge.extend((1_u64 << 40).to_be_bytes());
        assert_eq!(decode(&huge, 1), Err(DecodeError::TooLarge));
        assert_eq!(decode(&huge[..9], 1), Ok(vec![]), "the length is incomplete");
        assert_eq!(decode(&frame(0x81, &vec![0; FRAME_MAX + 1])[..10], 10), Err(DecodeError::TooLarge));
        let half = vec![b'x'; FRAME_MAX / 2 + 1];
        let fragments = [frame(0x01, &half), frame(0x80, &half)].concat();
        assert_eq!(decode(&fragments, 999), Err(DecodeError::TooLarge));
    }

    #[test]
    fn protocol_violations_are_rejected() {
        let unmasked = [0x81, 3, b't', b'e', b'a'];
        let interleaved = [frame(0x01, b"t"), frame(0x81, b"e")].concat();
        let violations = [
            unmasked.to_vec(),
            interleaved,
            frame(0x80, b"continuation without a beginning"),
            frame(0x82, b"binary"),
            frame(0xc1, b"compressed"),
            frame(0x83, b"unknown opcode"),
            frame(0x89, &[0; CONTROL_PAYLOAD_MAX + 1]),
            frame(0x09, b"fragmented ping"),
        ];
        for bytes in violations {
            assert!(matches!(decode(&bytes, 4_096), Err(DecodeError::Protocol(_))), "{bytes:?}");
        }
    }
}
