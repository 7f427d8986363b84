//! One connection: HTTP requests, then perhaps a WebSocket.

use std::io::{self, Read, Write};

use mio::net::TcpStream;

use crate::protocol;

pub struct PeerConnection {
    stream: TcpStream,
    upgraded: bool,
    received: Vec<u8>,
    outgoing: Vec<u8>,
}

impl PeerConnection {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, upgraded: false, received: Vec::new(), outgoing: Vec::new() }
    }

    /// Returns whether nothing was queued before.
    pub fn queue(&mut self, bytes: &[u8]) -> bool {
        let was_empty = self.outgoing.is_empty();
        self.outgoing.extend_from_slice(bytes);
        was_empty
    }

    pub fn flush(&mut self) {
        let mut written = 0;
        while written < self.outgoing.len() {
            match self.stream.write(&self.outgoing[written..]) {
                Ok(count) if count > 0 => written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // Reading reports the end of the connection too.
                Ok(_) | Err(_) => written = self.outgoing.len(),
            }
        }
        self.outgoing.drain(..written);
    }

    /// Reads everything available and calls `handle` with each text frame; false when the connection has ended.
    pub fn read(&mut self, mut handle: impl FnMut(&[u8])) -> bool {
        let mut bytes = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => return false,
                Ok(count) => self.received.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return false,
            }
        }
        if !self.upgraded {
            self.respond_to_requests();
        }
        let consumed =
            if self.upgraded { protocol::for_each_frame(&mut self.received, &mut handle) } else { Some(0) };
        if let Some(consumed) = consumed {
            self.received.drain(..consumed);
            self.received.shrink_to(0);
        }
        consumed.is_some()
    }

    fn respond_to_requests(&mut self) {
        while let Some(end) = memchr::memmem::find(&self.received, b"\r\n\r\n") {
            let header = String::from_utf8_lossy(&self.received[..end]).into_owned();
            self.received.drain(..end + 4);
            let (response, upgraded) = protocol::respond(&header);
            self.upgraded |= upgraded;
            self.queue(&response);
            self.flush();
            // An idle connection holds no buffer.
            self.outgoing.shrink_to(0);
        }
    }
}
