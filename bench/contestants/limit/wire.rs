//! Just as much of HTTP, WebSocket and JSON as the load speaks.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Deserialize;
use sha1::{Digest, Sha1};

/// RFC 6455 has every server append this to the client's key.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT: u8 = 1;
const CLOSE: u8 = 8;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Said {
    Join { chat: String },
    Post { chat: String, id: String, message: String },
}

impl Said {
    pub fn read(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }
}

/// A whole text frame of a server: never masked, so everyone may get the same.
pub fn frame(text: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | TEXT];
    if text.len() < 126 {
        frame.push(text.len() as u8);
    } else {
        frame.push(126);
        frame.extend((text.len() as u16).to_be_bytes());
    }
    frame.extend_from_slice(text);
    frame
}

/// Calls `hear` with each whole text of a client, which it unmasks in place. Returns how many bytes those took; none when
/// the client says goodbye.
pub fn each(bytes: &mut [u8], mut hear: impl FnMut(&[u8])) -> Option<usize> {
    let mut taken = 0;
    while let Some((opcode, mask, from, to)) = next(&bytes[taken..]) {
        let payload = &mut bytes[taken + from..taken + to];
        payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        match opcode {
            TEXT => hear(payload),
            CLOSE => return None,
            _ => {}
        }
        taken += to;
    }
    Some(taken)
}

/// Opcode, mask, and where the payload begins and ends.
fn next(bytes: &[u8]) -> Option<(u8, [u8; 4], usize, usize)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (head, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
        127 => (10, u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?) as usize),
        short => (2, usize::from(short)),
    };
    let mask = *bytes.get(head..)?.first_chunk()?;
    let (from, to) = (head + 4, head + 4 + length);
    (bytes.len() >= to).then_some((first & 0x0f, mask, from, to))
}

/// The answer to a request, and whether it makes a socket of the connection.
pub fn answer(head: &str) -> (Vec<u8>, bool) {
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    if let Some(key) = key {
        return (upgrade(key), true);
    }
    let length = head.split(' ').nth(1).and_then(|path| path.strip_prefix("/canned/"));
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(2);
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    let mut answer = head.into_bytes();
    answer.resize(answer.len() + length, b' ');
    (answer, false)
}

fn upgrade(key: &str) -> Vec<u8> {
    let accept = BASE64_STANDARD.encode(Sha1::digest(format!("{}{GUID}", key.trim())));
    let mut answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
    .into_bytes();
    answer.extend(frame(br#"{"type":"welcome"}"#));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_answered_as_in_the_standards_own_example() {
        let answer = upgrade("dGhlIHNhbXBsZSBub25jZQ==");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
    }
}
