//! What cannot be read as a request is answered as everything else is: by a problem, with all that every answer carries.

use std::{io, time::Duration};

use backend::config::limits::Seconds;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use shared::problem::{Problem, ProblemCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{app::TestApp, listener::BOUND, web};

/// The last answer to these bytes: its status, its headers and its problem.
async fn answer(app: &TestApp, bytes: &[u8]) -> (u16, HeaderMap, Problem) {
    let mut stream = TcpStream::connect(&app.web.address).await.unwrap();
    // The server may have had enough before it has everything.
    let _sent: io::Result<()> = stream.write_all(bytes).await;
    let mut said = Vec::new();
    let read = timeout(BOUND, stream.read_to_end(&mut said)).await.expect("the server hangs up");
    let said = String::from_utf8(said).unwrap();
    assert!(read.is_ok() || !said.is_empty(), "{read:?}");
    let last = said.rfind("HTTP/1.1 ").unwrap_or_else(|| panic!("no answer to {bytes:?}: {said}"));
    let (head, body) = said[last..].split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap());
    }
    assert_eq!(headers["content-length"], body.len().to_string(), "{said}");
    assert_eq!(
        (&headers["connection"], &headers["content-type"]),
        (&"close".parse::<HeaderValue>().unwrap(), &"application/json".parse().unwrap())
    );
    (status, headers, serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {said}")))
}

async fn is_refused(app: &TestApp, bytes: &[u8], code: ProblemCode) {
    let what = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
    let (status, headers, problem) = answer(app, bytes).await;
    assert_eq!((problem.code, problem.status, status), (code, code.status(), code.status()), "{what}");
    web::keeps_promises(&what, &headers);
    app.web.get("/healthz").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_a_problem_with_every_header() {
    let app = TestApp::start().await;
    for nonsense in [
        &b"nonsense\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        b"GET / HTTP/3.7\r\nHost: a\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n",
        b"POST /auth/jwt/create/ HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /auth/jwt/create/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /auth/jwt/create/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nnonsense behind a request\r\n\r\n",
    ] {
        is_refused(&app, nonsense, ProblemCode::Malformed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_large_is_a_problem_with_every_header() {
    let app = TestApp::start().await;
    let long = [b"GET / HTTP/1.1\r\nHost: a\r\nX: ", "x".repeat(300_000).as_bytes()].concat();
    is_refused(&app, &long, ProblemCode::HeadTooLarge).await;
    let many = [b"GET / HTTP/1.1\r\nHost: a\r\n", "X: x\r\n".repeat(200).as_bytes(), b"\r\n"].concat();
    is_refused(&app, &many, ProblemCode::HeadTooLarge).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_end_is_a_problem_with_every_header() {
    let app =
        TestApp::with(|config| config.limits.limit_head_time = Seconds(Duration::from_millis(600))).await;
    is_refused(&app, b"GET / HTTP/1.1\r\nHost: a\r\n", ProblemCode::HeadTimeout).await;
}
