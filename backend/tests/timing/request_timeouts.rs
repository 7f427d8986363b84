//! Timeouts of request heads, request bodies and responses.

use std::time::{Duration, Instant};

use backend::config::limits::Seconds;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::support::{TEST_TIMEOUT, TestApp};

const SHORT_TIMEOUT: Seconds = Seconds(Duration::from_secs(1));

/// Sends byte after byte with pauses until the server closes the connection; returns what it sent.
async fn trickle(app: &TestApp, started: &str, rest: &[u8]) -> String {
    let stream = TcpStream::connect(&app.http.address).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    to.write_all(started.as_bytes()).await.unwrap();
    let trickling = async {
        for byte in rest.iter().cycle() {
            sleep(Duration::from_millis(20)).await;
            if to.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let mut posted = Vec::new();
    tokio::select! {
        () = trickling => unreachable!("it trickle for ever"),
        read = timeout(TEST_TIMEOUT, from.read_to_end(&mut posted)) => {
            assert!(read.is_ok(), "the server does not close the connection after {}", String::from_utf8_lossy(&posted));
        }
    }
    String::from_utf8(posted).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_request_head_times_out() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn_with(|config| config.limits.limit_header_timeout = SHORT_TIMEOUT).await;
    let started = Instant::now();
    let posted = trickle(&app, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b"x").await;
    assert!(posted.starts_with("HTTP/1.1 408 "), "{posted}");
    // The server checks timeouts twice a second.
    assert!(started.elapsed() >= SHORT_TIMEOUT.0 / 2, "not too early");
    // A client that sends nothing times out too.
    let silent = trickle(&app, "", b"").await;
    assert!(silent.is_empty() || silent.starts_with("HTTP/1.1 408 "), "{silent}");
    app.http.get("/healthz").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_request_body_times_out() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn_with(|config| config.limits.limit_body_timeout = SHORT_TIMEOUT).await;
    let head = "POST /auth/jwt/create/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    for length in ["Content-Length: 5000\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"] {
        let posted = trickle(&app, &format!("{head}{length}"), b"1\r\n \r\n").await;
        assert!(posted.starts_with("HTTP/1.1 408 ") && posted.contains("body_timeout"), "{length}: {posted}");
    }
    // An unfinished body that is not read times out too.
    let rejected =
        "POST /api/chats/tea/messages/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    let posted = trickle(&app, rejected, b"1\r\n \r\n").await;
    assert!(posted.starts_with("HTTP/1.1 401 "), "{posted}");
    app.http.get("/healthz").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn blocked_request_times_out() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn_with(|config| config.limits.limit_request_timeout = SHORT_TIMEOUT).await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut holder = app.sql().await;
    let lock = holder.transaction().await.unwrap();
    lock.execute("SELECT * FROM chats WHERE uri = $1 FOR UPDATE", &[&tea.uri]).await.unwrap();
    let problem =
        ada.try_send_message(&tea, "later").await.assert_problem(shared::problem::ProblemCode::Busy);
    assert_eq!(problem.retry_after, Some(5), "{problem:?}");
    lock.rollback().await.unwrap();
}
