//! Encodes the frames that a server sends. They are not masked, so one encoded frame can be sent to every client.

use bytes::Bytes;

use crate::{
    CONTROL_PAYLOAD_MAX,
    header::{FINAL, LENGTH_MAX, push_header},
    opcode,
};

pub fn encode_text(payload: &[u8]) -> Bytes {
    encode(opcode::TEXT, payload)
}

/// A ping without payload.
pub fn encode_ping() -> Bytes {
    Bytes::from_static(&[FINAL | opcode::PING, 0])
}

/// The answer to a ping, with its payload.
pub fn encode_pong(payload: &[u8]) -> Bytes {
    encode(opcode::PONG, payload.get(..CONTROL_PAYLOAD_MAX).unwrap_or(payload))
}

/// Cuts the reason to what fits into a control frame.
pub fn encode_close(code: u16, reason: &str) -> Bytes {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend(reason.bytes().take(CONTROL_PAYLOAD_MAX - payload.len()));
    encode(opcode::CLOSE, &payload)
}

fn encode(opcode: u8, payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(LENGTH_MAX + payload.len());
    push_header(&mut frame, opcode, 0, payload.len());
    frame.extend_from_slice(payload);
    frame.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_uses_the_shortest_length_form() {
        let header = |length: usize, size: usize| encode_text(&vec![b' '; length])[..size].to_vec();
        assert_eq!(header(0, 2), [0x81, 0]);
        assert_eq!(header(125, 2), [0x81, 125]);
        assert_eq!(header(126, 4), [0x81, 126, 0, 126]);
        assert_eq!(header(65_535, 4), [0x81, 126, 0xff, 0xff]);
        assert_eq!(header(65_536, 10), [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn close_has_its_code_and_a_short_reason() {
        assert_eq!(&encode_close(1012, "restarting")[..], b"\x88\x0c\x03\xf4restarting");
        assert_eq!(encode_close(1008, &"x".repeat(500)).len(), 2 + CONTROL_PAYLOAD_MAX);
    }

    #[test]
    fn pong_echoes_the_ping() {
        assert_eq!(&encode_pong(b"tea")[..], b"\x8a\x03tea");
    }
}
