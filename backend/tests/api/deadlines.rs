//! Nobody keeps the server waiting: heads, bodies and answers have their time.

use std::time::{Duration, Instant};

use backend::config::limits::Seconds;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{app::TestApp, listener::BOUND};

const SHORT: Seconds = Seconds(Duration::from_secs(1));

/// Sends one byte after the other, with a pause between, until the server hangs up; returns what it said.
async fn trickles(app: &TestApp, begun: &str, rest: &[u8]) -> String {
    let stream = TcpStream::connect(&app.web.address).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    to.write_all(begun.as_bytes()).await.unwrap();
    let trickling = async {
        for byte in rest.iter().cycle() {
            sleep(Duration::from_millis(20)).await;
            if to.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let mut said = Vec::new();
    tokio::select! {
        () = trickling => unreachable!("it trickles for ever"),
        read = timeout(BOUND, from.read_to_end(&mut said)) => {
            assert!(read.is_ok(), "the server does not hang up after {}", String::from_utf8_lossy(&said));
        }
    }
    String::from_utf8(said).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_end_is_given_up() {
    let app = TestApp::with(|config| config.limits.limit_head_time = SHORT).await;
    let begun = Instant::now();
    let said = trickles(&app, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b"x").await;
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
    // The server looks at its clock twice a second.
    assert!(begun.elapsed() >= SHORT.0 / 2, "it had its time");
    // Nothing at all is not waited for either.
    let silent = trickles(&app, "", b"").await;
    assert!(silent.is_empty() || silent.starts_with("HTTP/1.1 408 "), "{silent}");
    app.web.get("/healthz").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_end_is_given_up() {
    let app = TestApp::with(|config| config.limits.limit_body_time = SHORT).await;
    let head = "POST /auth/jwt/create/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    for length in ["Content-Length: 5000\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"] {
        let said = trickles(&app, &format!("{head}{length}"), b"1\r\n \r\n").await;
        assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("body_timeout"), "{length}: {said}");
    }
    // Nor is one that nobody wants.
    let refused =
        "POST /api/chats/tea/messages/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    let said = trickles(&app, refused, b"1\r\n \r\n").await;
    assert!(said.starts_with("HTTP/1.1 401 "), "{said}");
    app.web.get("/healthz").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_come_is_given_up() {
    let app = TestApp::with(|config| config.limits.limit_answer_time = SHORT).await;
    let (ada, tea) = app.tea().await;
    let mut holder = app.sql().await;
    let lock = holder.transaction().await.unwrap();
    lock.execute("SELECT * FROM chats WHERE uri = $1 FOR UPDATE", &[&tea]).await.unwrap();
    let problem = ada.say(&tea, "later").await.refused(shared::problem::ProblemCode::Busy);
    assert_eq!(problem.retry_after, Some(5), "{problem:?}");
    lock.rollback().await.unwrap();
}
