//! A WebSocket whose frames a test builds by hand.

use shared::socket::ServerFrame;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{TEST_TIMEOUT, TestUser};

pub const TEXT: u8 = 0x81;
/// First of several fragments.
pub const TEXT_START: u8 = 0x01;
pub const CONTINUATION: u8 = 0x00;
pub const FINAL_CONTINUATION: u8 = 0x80;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8a;

const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
const HANDSHAKE: &str = "GET /api/socket/ HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

pub struct RawWebSocket {
    pub stream: TcpStream,
}

/// A valid masked frame.
pub fn frame(first: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = header(first, 0x80, u64::try_from(body.len()).unwrap());
    frame.extend(MASK);
    frame.extend(body.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// The header of a frame without its mask; `masked` is 0x80 or 0.
pub fn header(first: u8, masked: u8, length: u64) -> Vec<u8> {
    let mut header = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ 0..126), _) => header.push(masked + length),
        (_, Ok(length)) => {
            header.push(masked + 126);
            header.extend(length.to_be_bytes());
        }
        _ => {
            header.push(masked + 127);
            header.extend(length.to_be_bytes());
        }
    }
    header
}

impl TestUser {
    pub async fn open_raw_socket(&self) -> RawWebSocket {
        let mut stream = TcpStream::connect(&self.http.address).await.unwrap();
        let request = format!("{HANDSHAKE}Authorization: JWT {}\r\n\r\n", self.token);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = Vec::new();
        while !response.ends_with(b"\r\n\r\n") {
            let byte = timeout(TEST_TIMEOUT, stream.read_u8()).await.expect("response in time");
            response.push(byte.unwrap());
        }
        assert!(response.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&response));
        let mut socket = RawWebSocket { stream };
        assert!(matches!(socket.recv_event().await, ServerFrame::Welcome { .. }));
        socket
    }
}

impl RawWebSocket {
    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next frame: its first byte and its body.
    pub async fn recv_raw(&mut self) -> (u8, Vec<u8>) {
        timeout(TEST_TIMEOUT, self.read_frame()).await.expect("a frame in time")
    }

    async fn read_frame(&mut self) -> (u8, Vec<u8>) {
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

    /// The next frame that is neither a ping, nor presence, nor the confirmation of a subscription.
    pub async fn recv_event(&mut self) -> ServerFrame {
        loop {
            match self.recv_raw().await {
                (PING, _) => {}
                (TEXT, body) => match serde_json::from_slice(&body).unwrap() {
                    ServerFrame::Presence { .. } | ServerFrame::Subscribed { .. } => {}
                    frame => return frame,
                },
                other => panic!("expected a text, got {other:?}"),
            }
        }
    }

    /// The close code; asserts that nothing follows the close.
    pub async fn recv_close(&mut self) -> u16 {
        let body = loop {
            match self.recv_raw().await {
                (PING, _) => {}
                (CLOSE, body) => break body,
                other => panic!("expected a close, got {other:?}"),
            }
        };
        let rest = timeout(TEST_TIMEOUT, self.stream.read_u8()).await.expect("close in time");
        assert!(rest.is_err(), "nothing follows a close");
        u16::from_be_bytes([body[0], body[1]])
    }
}
