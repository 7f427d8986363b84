//! A connection below HTTP. What cannot be read as a request at all never reaches the application: actix answers it by itself,
//! with a bare head. Here such an answer becomes what all others are, a problem with every header that we promise.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use actix_web::{http::StatusCode, rt::net::TcpStream};
use shared::problem::{Problem, ProblemCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{
    app::App,
    headers,
    problem::{Error, Refusal},
};

/// A bare head is shorter than this.
const BARE_MAX: usize = 200;

pub struct Wire {
    stream: TcpStream,
    app: Arc<App>,
    /// What stands in for a bare answer and was not taken yet.
    waiting: Vec<u8>,
}

impl Wire {
    pub fn new(stream: TcpStream, app: Arc<App>) -> Self {
        Self { stream, app, waiting: Vec::new() }
    }

    /// The connection itself, for whoever speaks something else on it.
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    fn write_waiting(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.waiting.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.waiting))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.waiting.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.write_waiting(context))?;
        let Some((before, status)) = bare_answer(bytes) else {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        };
        // It is the last thing that is ever said here.
        self.waiting = [bytes.get(..before).unwrap_or_default(), &answer(&self.app, status)].concat();
        let _begun = self.write_waiting(context)?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.write_waiting(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.write_waiting(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Where in what is written a bare refusal begins, with which everything ends, and its status.
fn bare_answer(bytes: &[u8]) -> Option<(usize, StatusCode)> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let tail = bytes.len().saturating_sub(BARE_MAX);
    let begin = tail + bytes.get(tail..)?.windows(7).rposition(|part| part == b"HTTP/1.")?;
    let head = str::from_utf8(bytes.get(begin..)?).ok()?;
    let (status, headers) = head.strip_suffix("\r\n\r\n")?.split_once("\r\n")?;
    let status: u16 = status.split(' ').nth(1)?.parse().ok()?;
    let is_bare = headers
        .lines()
        .all(|line| ["content-length: 0", "connection: close"].contains(&line) || line.starts_with("date: "));
    let status = StatusCode::from_u16(status).ok()?;
    (is_bare && (status.is_client_error() || status.is_server_error())).then_some((begin, status))
}

fn answer(app: &App, status: StatusCode) -> Vec<u8> {
    let problem = problem(status);
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let reason = status.canonical_reason().unwrap_or_default();
    let mut answer = format!(
        "HTTP/1.1 {} {reason}\r\ncontent-length: {}\r\ncontent-type: application/json\r\nconnection: close\r\n",
        status.as_u16(),
        body.len()
    )
    .into_bytes();
    for (name, value) in headers::of_every_answer(app) {
        answer.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    [answer.as_slice(), b"\r\n", &body].concat()
}

fn problem(status: StatusCode) -> Problem {
    let refusal = match status {
        StatusCode::REQUEST_TIMEOUT => Refusal::new(ProblemCode::HeadTimeout),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Refusal::new(ProblemCode::HeadTooLarge),
        _ if status.is_server_error() => Refusal::new(ProblemCode::Internal),
        _ => Refusal::new(ProblemCode::Malformed).detail("This cannot be read as a request."),
    };
    Error::from(refusal).problem()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\
        date: Wed, 25 Nov 2026 19:30:00 GMT\r\n\r\n";

    #[test]
    fn a_bare_refusal_is_found_also_behind_another_answer() {
        assert_eq!(bare_answer(BARE), Some((0, StatusCode::BAD_REQUEST)));
        let first = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(bare_answer(&[first, BARE].concat()), Some((first.len(), StatusCode::BAD_REQUEST)));
    }

    #[test]
    fn whole_answers_are_left_alone() {
        for whole in [
            &b"HTTP/1.1 304 Not Modified\r\ndate: x\r\n\r\n"[..],
            b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n",
            b"HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\nx-content-type-options: nosniff\r\n\r\n",
            &BARE[..BARE.len() - 2],
            b"\r\n\r\n",
            b"",
        ] {
            assert_eq!(bare_answer(whole), None, "{}", String::from_utf8_lossy(whole));
        }
        assert_eq!(bare_answer(&[BARE, b"{}"].concat()), None);
    }
}
