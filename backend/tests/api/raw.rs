//! A socket whose frames are made by hand.

use shared::socket::ServerFrame;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{app::Person, listener::BOUND};

pub const TEXT: u8 = 0x81;
pub const TEXT_BEGINS: u8 = 0x01;
pub const GOES_ON: u8 = 0x00;
pub const ENDS: u8 = 0x80;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8a;

const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
const HANDSHAKE: &str = "GET /api/socket/ HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

pub struct RawSocket {
    pub stream: TcpStream,
}

/// A frame with everything that a client's must have.
pub fn frame(first: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = head(first, 0x80, u64::try_from(body.len()).unwrap());
    frame.extend(MASK);
    frame.extend(body.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// The beginning of a frame; `masked` is 0x80 or nothing.
pub fn head(first: u8, masked: u8, length: u64) -> Vec<u8> {
    let mut head = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ 0..126), _) => head.push(masked + length),
        (_, Ok(length)) => {
            head.push(masked + 126);
            head.extend(length.to_be_bytes());
        }
        _ => {
            head.push(masked + 127);
            head.extend(length.to_be_bytes());
        }
    }
    head
}

impl Person {
    pub async fn opens_raw(&self) -> RawSocket {
        let mut stream = TcpStream::connect(&self.web.address).await.unwrap();
        let request = format!("{HANDSHAKE}Authorization: JWT {}\r\n\r\n", self.token);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(timeout(BOUND, stream.read_u8()).await.expect("an answer in time").unwrap());
        }
        assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
        let mut socket = RawSocket { stream };
        assert!(matches!(socket.hears().await, ServerFrame::Welcome { .. }));
        socket
    }
}

impl RawSocket {
    pub async fn sends(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next frame: its first byte and its body.
    pub async fn next(&mut self) -> (u8, Vec<u8>) {
        timeout(BOUND, self.read()).await.expect("a frame in time")
    }

    async fn read(&mut self) -> (u8, Vec<u8>) {
        let first = self.stream.read_u8().await.unwrap();
        let length = match self.stream.read_u8().await.unwrap() {
            126 => u64::from(self.stream.read_u16().await.unwrap()),
            127 => self.stream.read_u64().await.unwrap(),
            short => u64::from(short),
        };
        let mut body = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut body).await.unwrap();
        (first, body)
    }

    /// The next text, whatever the clock has to say before.
    pub async fn hears(&mut self) -> ServerFrame {
        loop {
            match self.next().await {
                (PING, _) => {}
                (TEXT, body) => match serde_json::from_slice(&body).unwrap() {
                    ServerFrame::Presence { .. } => {}
                    heard => return heard,
                },
                other => panic!("a text was awaited: {other:?}"),
            }
        }
    }

    /// The code of the close, after which nothing comes.
    pub async fn is_closed_with(&mut self) -> u16 {
        let body = loop {
            match self.next().await {
                (PING, _) => {}
                (CLOSE, body) => break body,
                other => panic!("a close was awaited: {other:?}"),
            }
        };
        let rest = timeout(BOUND, self.stream.read_u8()).await.expect("an end in time");
        assert!(rest.is_err(), "nothing comes after a close");
        u16::from_be_bytes([body[0], body[1]])
    }
}
