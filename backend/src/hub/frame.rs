//! Frames as they leave: header and body in one piece, made once and shared by everyone who gets them (RFC 6455, section
//! 5.2; what a server sends is not masked).

use actix_web::web::Bytes;
use serde::Serialize;
use shared::socket::ServerFrame;

const FINAL: u8 = 0x80;
const TEXT: u8 = FINAL | 0x1;
const CLOSE: u8 = FINAL | 0x8;
const PING: u8 = FINAL | 0x9;
const PONG: u8 = FINAL | 0xa;
/// A control frame carries at most this much.
const CONTROL_MAX: usize = 125;
/// The longest header: two bytes, and eight of length.
const HEADER_MAX: usize = 10;

/// A frame as text. Our own types always serialise; should one not, it is logged and left out.
pub fn text(frame: &ServerFrame) -> Option<Bytes> {
    text_and_body(frame).map(|(frame, _)| frame)
}

/// A frame as text, and the JSON in it.
pub fn text_and_body(frame: &ServerFrame) -> Option<(Bytes, Bytes)> {
    let body = json(frame)?;
    let frame = with_header(TEXT, &body);
    let json = frame.slice(frame.len() - body.len()..);
    Some((frame, json))
}

/// As JSON, if it serialises.
pub fn json(value: &impl Serialize) -> Option<Vec<u8>> {
    serde_json::to_vec(value).inspect_err(|error| tracing::error!(%error, "a frame does not serialise")).ok()
}

pub fn ping() -> Bytes {
    Bytes::from_static(&[PING, 0])
}

pub fn pong(echo: &[u8]) -> Bytes {
    with_header(PONG, echo.get(..CONTROL_MAX).unwrap_or(echo))
}

pub fn close(code: u16, reason: &str) -> Bytes {
    let mut body = code.to_be_bytes().to_vec();
    body.extend(reason.bytes().take(CONTROL_MAX - body.len()));
    with_header(CLOSE, &body)
}

fn with_header(opcode: u8, body: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(HEADER_MAX + body.len());
    frame.push(opcode);
    let length = body.len();
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ 0..126), _) => frame.push(length),
        (_, Ok(length)) => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend(u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes());
        }
    }
    frame.extend_from_slice(body);
    frame.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_tells_the_length_in_the_fewest_bytes() {
        let header = |length: usize, size: usize| with_header(TEXT, &vec![b' '; length])[..size].to_vec();
        assert_eq!(header(0, 2), [0x81, 0]);
        assert_eq!(header(125, 2), [0x81, 125]);
        assert_eq!(header(126, 4), [0x81, 126, 0, 126]);
        assert_eq!(header(65_535, 4), [0x81, 126, 0xff, 0xff]);
        assert_eq!(header(65_536, 10), [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_close_tells_its_code_and_a_short_reason() {
        assert_eq!(&close(1012, "restarting")[..], b"\x88\x0c\x03\xf4restarting");
        assert_eq!(close(1008, &"x".repeat(500)).len(), 2 + CONTROL_MAX);
    }

    #[test]
    fn a_pong_says_what_the_ping_said() {
        assert_eq!(&pong(b"tea")[..], b"\x8a\x03tea");
    }
}
