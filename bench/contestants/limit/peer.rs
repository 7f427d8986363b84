//! One connection: an HTTP request or two, then perhaps a socket.

use std::io::{self, Read, Write};

use mio::net::TcpStream;

use crate::wire;

pub struct Peer {
    stream: TcpStream,
    upgraded: bool,
    begun: Vec<u8>,
    waiting: Vec<u8>,
}

impl Peer {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, upgraded: false, begun: Vec::new(), waiting: Vec::new() }
    }

    /// Appends to what waits; says whether nothing waited before.
    pub fn queue(&mut self, bytes: &[u8]) -> bool {
        let first = self.waiting.is_empty();
        self.waiting.extend_from_slice(bytes);
        first
    }

    pub fn flush(&mut self) {
        let mut written = 0;
        while written < self.waiting.len() {
            match self.stream.write(&self.waiting[written..]) {
                Ok(count) if count > 0 => written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // The reader sees the end of the connection, too.
                Ok(_) | Err(_) => written = self.waiting.len(),
            }
        }
        self.waiting.drain(..written);
    }

    /// Reads all that came and calls `hear` with each text; false when the connection is over.
    pub fn read(&mut self, mut hear: impl FnMut(&[u8])) -> bool {
        let mut bytes = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => return false,
                Ok(count) => self.begun.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return false,
            }
        }
        if !self.upgraded {
            self.answer_requests();
        }
        let taken = if self.upgraded { wire::each(&mut self.begun, &mut hear) } else { Some(0) };
        if let Some(taken) = taken {
            self.begun.drain(..taken);
            self.begun.shrink_to(0);
        }
        taken.is_some()
    }

    fn answer_requests(&mut self) {
        while let Some(end) = memchr::memmem::find(&self.begun, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&self.begun[..end]).into_owned();
            self.begun.drain(..end + 4);
            let (answer, upgraded) = wire::answer(&head);
            self.upgraded |= upgraded;
            self.queue(&answer);
            self.flush();
            // A connection that stays idle from now on keeps nothing.
            self.waiting.shrink_to(0);
        }
    }
}
