//! The subset of HTTP, WebSocket and JSON that the load generator uses.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Deserialize;
use sha1::{Digest, Sha1};
use ws_frame::{encode_text, opcode};

/// RFC 6455: appended to the client's key.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    Join { chat: String },
    Post { chat: String, id: String, message: String },
}

impl ClientMessage {
    pub fn parse(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }
}

/// Calls `handle` with each complete text frame of a client, which is unmasked in place. Returns the length of the
/// frames; none after a close frame.
pub fn for_each_frame(bytes: &mut [u8], mut handle: impl FnMut(&[u8])) -> Option<usize> {
    let mut consumed = 0;
    while let Some((opcode, mask, start, end)) = parse_frame(&bytes[consumed..]) {
        let payload = &mut bytes[consumed + start..consumed + end];
        payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        match opcode {
            opcode::TEXT => handle(payload),
            opcode::CLOSE => return None,
            _ => {}
        }
        consumed += end;
    }
    Some(consumed)
}

/// Opcode, mask, and the range of the payload.
fn parse_frame(bytes: &[u8]) -> Option<(u8, [u8; 4], usize, usize)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (mask_start, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
        127 => (10, u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?) as usize),
        short => (2, usize::from(short)),
    };
    let mask = *bytes.get(mask_start..)?.first_chunk()?;
    let (start, end) = (mask_start + 4, mask_start + 4 + length);
    (bytes.len() >= end).then_some((first & 0x0f, mask, start, end))
}

/// The response to a request, and whether it upgrades the connection.
pub fn respond(header: &str) -> (Vec<u8>, bool) {
    let key = header.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    if let Some(key) = key {
        return (upgrade(key), true);
    }
    let length = header.split(' ').nth(1).and_then(|path| path.strip_prefix("/canned/"));
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(2);
    let header =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    let mut response = header.into_bytes();
    response.resize(response.len() + length, b' ');
    (response, false)
}

fn upgrade(key: &str) -> Vec<u8> {
    let accept = BASE64_STANDARD.encode(Sha1::digest(format!("{}{GUID}", key.trim())));
    let mut response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
    .into_bytes();
    response.extend(encode_text(br#"{"type":"welcome"}"#));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upgrade_matches_the_example_of_rfc_6455() {
        let response = upgrade("dGhlIHNhbXBsZSBub25jZQ==");
        let response = String::from_utf8_lossy(&response);
        assert!(response.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{response}");
    }
}
