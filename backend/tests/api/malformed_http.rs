//! Requests that cannot be parsed get an empty response, and the connection closes.

use std::{io, time::Duration};

use backend::config::limits::Seconds;

use crate::support::{RawHttp, TestApp};

async fn assert_rejected(app: &TestApp, bytes: &[u8], status: u16) {
    let request = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
    let mut connection = RawHttp::open(&app.http).await;
    // The server may close the connection before it has read everything.
    let _sent: io::Result<()> = connection.write(bytes).await;
    let received = connection.read_to_end().await;
    let last = received.rfind("HTTP/1.1 ").unwrap_or_else(|| panic!("no response to {request}: {received}"));
    let (head, body) = received[last..].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {head}");
    assert!(head.contains("\r\ncontent-length: 0"), "{request}: {head}");
    // After an earlier response, the connection closes without the header.
    let is_first = received.matches("HTTP/1.1 ").count() == 1;
    assert!(!is_first || head.contains("\r\nconnection: close"), "{request}: {head}");
    assert_eq!(body, "", "{request}");
    app.http.get("/healthz").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_request_is_rejected() {
    let app = TestApp::spawn().await;
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
        assert_rejected(&app, nonsense, 400).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oversized_request_head_is_rejected() {
    let app = TestApp::spawn().await;
    let long = [b"GET / HTTP/1.1\r\nHost: a\r\nX: ", "x".repeat(300_000).as_bytes()].concat();
    assert_rejected(&app, &long, 431).await;
    let many = [b"GET / HTTP/1.1\r\nHost: a\r\n", "X: x\r\n".repeat(200).as_bytes(), b"\r\n"].concat();
    assert_rejected(&app, &many, 431).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_request_head_times_out() {
    let app = TestApp::spawn_with(|config| {
        config.limits.limit_header_timeout = Seconds(Duration::from_millis(600));
    })
    .await;
    assert_rejected(&app, b"GET / HTTP/1.1\r\nHost: a\r\n", 408).await;
}
