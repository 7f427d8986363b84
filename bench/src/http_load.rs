//! Sends requests over keep-alive connections, as fast as one core can.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use memchr::memmem;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// The upper end of the histogram.
const LATENCY_MAX_MICROS: u64 = 60_000_000;
const BUFFER_SIZE: usize = 128 * 1024;
/// A longer wait for a response is an error.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// What one run measured.
pub struct HttpResult<U> {
    pub seconds: f64,
    pub responses: usize,
    /// In microseconds.
    pub latency: Histogram<u64>,
    /// The length of the last body, in bytes.
    pub length: usize,
    pub before: U,
    pub after: U,
}

struct Connection {
    stream: TcpStream,
    /// The response received so far, with room for more.
    response: Vec<u8>,
    filled: usize,
    sent_at: Instant,
}

/// Each connection sends `next_request`, and the next one when `is_valid` accepts the response body.
pub struct HttpLoad<A, C> {
    pub connections: usize,
    pub warm_up: Duration,
    pub duration: Duration,
    pub next_request: A,
    pub is_valid: C,
}

impl<A: FnMut(usize) -> String, C: Fn(&[u8]) -> bool> HttpLoad<A, C> {
    pub fn run<U>(mut self, address: SocketAddr, probe: impl Fn() -> Result<U>) -> Result<HttpResult<U>> {
        let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(1_024));
        let mut connections = self.connect(&poll, address)?;
        let mut latency = Histogram::new_with_max(LATENCY_MAX_MICROS, 3)?;
        let (mut length, mut before, mut responses) = (0, None, 0);
        let start = Instant::now();
        for (index, connection) in connections.iter_mut().enumerate() {
            connection.send_request(&(self.next_request)(index))?;
        }
        loop {
            let elapsed = start.elapsed();
            if before.is_none() && elapsed >= self.warm_up {
                before = Some((probe()?, Instant::now()));
                latency.reset();
                responses = 0;
            }
            if let Some((usage, started)) = before.take_if(|(_, from)| from.elapsed() >= self.duration) {
                let seconds = started.elapsed().as_secs_f64();
                let after = probe()?;
                return Ok(HttpResult { seconds, responses, latency, length, before: usage, after });
            }
            poll.poll(&mut events, Some(RESPONSE_TIMEOUT))?;
            ensure!(!events.is_empty(), "no response within {} seconds", RESPONSE_TIMEOUT.as_secs());
            for event in &events {
                let Token(index) = event.token();
                let connection = &mut connections[index];
                connection.receive()?;
                while let Some(body) = connection.complete_body()? {
                    ensure!((self.is_valid)(body), "unexpected response: {}", excerpt(body));
                    length = body.len();
                    responses += 1;
                    latency.saturating_record(connection.sent_at.elapsed().as_micros() as u64);
                    connection.send_request(&(self.next_request)(index))?;
                }
            }
        }
    }

    fn connect(&self, poll: &Poll, address: SocketAddr) -> Result<Vec<Connection>> {
        let connect = |index| {
            let stream = std::net::TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
            Ok(Connection { stream, response: vec![0; BUFFER_SIZE], filled: 0, sent_at: Instant::now() })
        };
        (0..self.connections).map(connect).collect()
    }
}

impl Connection {
    /// The request is small and the connection idle, so it is written at once.
    fn send_request(&mut self, request: &str) -> Result<()> {
        self.filled = 0;
        self.sent_at = Instant::now();
        Ok(self.stream.write_all(request.as_bytes())?)
    }

    fn receive(&mut self) -> Result<()> {
        loop {
            if self.response.len() - self.filled < BUFFER_SIZE / 2 {
                self.response.resize(self.response.len() * 2, 0);
            }
            match self.stream.read(&mut self.response[self.filled..]) {
                Ok(0) => bail!("the server closed the connection"),
                Ok(count) => {
                    let room = self.response.len() - self.filled;
                    self.filled += count;
                    if count < room {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The body, if it is complete.
    fn complete_body(&self) -> Result<Option<&[u8]>> {
        parse_response(&self.response[..self.filled])
    }
}

/// The beginning, for error messages.
fn excerpt(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(200).collect()
}

/// Parses a response that has a content length, as those of all targets do.
pub fn parse_response(bytes: &[u8]) -> Result<Option<&[u8]>> {
    let Some(end) = memmem::find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let header = String::from_utf8_lossy(&bytes[..end]);
    ensure!(header.starts_with("HTTP/1.1 20"), "refused: {}", excerpt(bytes));
    let length = header.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let length = length.context("a response without content length")?;
    Ok(bytes.get(end + 4..end + 4 + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_is_complete_at_its_content_length() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-Length: 3\r\n\r\ntea";
        for cut in 0..whole.len() {
            assert_eq!(parse_response(&whole[..cut]).unwrap(), None);
        }
        assert_eq!(parse_response(whole).unwrap(), Some(&b"tea"[..]));
    }

    #[test]
    fn error_and_chunked_responses_are_rejected() {
        assert!(parse_response(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").is_err());
        assert!(parse_response(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
    }
}
