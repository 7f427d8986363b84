//! Requests over connections that stay, as fast as one core can make them.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use memchr::memmem;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// The longest time in microseconds that is told from others.
const LONGEST: u64 = 60_000_000;
const ROOM: usize = 128 * 1024;
/// No answer for so long is a fault.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of it.
pub struct Outcome<U> {
    pub seconds: f64,
    pub answers: usize,
    /// In microseconds.
    pub latency: Histogram<u64>,
    /// The length of the last body.
    pub length: usize,
    pub before: U,
    pub after: U,
}

struct Connection {
    stream: TcpStream,
    /// What has come of the answer, and room for more.
    answer: Vec<u8>,
    filled: usize,
    asked: Instant,
}

/// Each connection asks what `ask` says, and asks again when `check` has seen the body of the answer.
pub struct Asking<A, C> {
    pub connections: usize,
    pub warm_up: Duration,
    pub length: Duration,
    pub ask: A,
    pub check: C,
}

impl<A: FnMut(usize) -> String, C: Fn(&[u8]) -> bool> Asking<A, C> {
    pub fn run<U>(mut self, address: SocketAddr, look: impl Fn() -> Result<U>) -> Result<Outcome<U>> {
        let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(1_024));
        let mut connections = self.connect(&poll, address)?;
        let mut latency = Histogram::new_with_max(LONGEST, 3)?;
        let (mut length, mut before, mut answers) = (0, None, 0);
        let start = Instant::now();
        for (index, connection) in connections.iter_mut().enumerate() {
            connection.ask(&(self.ask)(index))?;
        }
        loop {
            let elapsed = start.elapsed();
            if before.is_none() && elapsed >= self.warm_up {
                before = Some((look()?, Instant::now()));
                latency.reset();
                answers = 0;
            }
            if let Some((seen, from)) = before.take_if(|(_, from)| from.elapsed() >= self.length) {
                let seconds = from.elapsed().as_secs_f64();
                return Ok(Outcome { seconds, answers, latency, length, before: seen, after: look()? });
            }
            poll.poll(&mut events, Some(PATIENCE))?;
            ensure!(!events.is_empty(), "no answer within {} seconds", PATIENCE.as_secs());
            for event in &events {
                let Token(index) = event.token();
                let connection = &mut connections[index];
                connection.receive()?;
                while let Some(body) = connection.whole_answer()? {
                    ensure!((self.check)(body), "a wrong answer: {}", beginning(body));
                    length = body.len();
                    answers += 1;
                    latency.saturating_record(connection.asked.elapsed().as_micros() as u64);
                    connection.ask(&(self.ask)(index))?;
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
            Ok(Connection { stream, answer: vec![0; ROOM], filled: 0, asked: Instant::now() })
        };
        (0..self.connections).map(connect).collect()
    }
}

impl Connection {
    /// A request is small and the last one was answered, so it goes out at once.
    fn ask(&mut self, request: &str) -> Result<()> {
        self.filled = 0;
        self.asked = Instant::now();
        Ok(self.stream.write_all(request.as_bytes())?)
    }

    fn receive(&mut self) -> Result<()> {
        loop {
            if self.answer.len() - self.filled < ROOM / 2 {
                self.answer.resize(self.answer.len() * 2, 0);
            }
            match self.stream.read(&mut self.answer[self.filled..]) {
                Ok(0) => bail!("the server hung up"),
                Ok(count) => {
                    let room = self.answer.len() - self.filled;
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

    /// The body, once it is there.
    fn whole_answer(&self) -> Result<Option<&[u8]>> {
        answer(&self.answer[..self.filled])
    }
}

/// As much of an answer as a person wants to read.
fn beginning(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(200).collect()
}

/// Reads an answer that says how long it is, as all of these servers do.
fn answer(bytes: &[u8]) -> Result<Option<&[u8]>> {
    let Some(end) = memmem::find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(&bytes[..end]);
    ensure!(head.starts_with("HTTP/1.1 20"), "refused: {}", beginning(bytes));
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let length = length.context("an answer that does not say how long it is")?;
    Ok(bytes.get(end + 4..end + 4 + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_as_much_has_come_as_it_says() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-Length: 3\r\n\r\ntea";
        for cut in 0..whole.len() {
            assert_eq!(answer(&whole[..cut]).unwrap(), None);
        }
        assert_eq!(answer(whole).unwrap(), Some(&b"tea"[..]));
    }

    #[test]
    fn a_refusal_and_an_endless_answer_are_faults() {
        assert!(answer(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").is_err());
        assert!(answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
    }
}
