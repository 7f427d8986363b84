//! Several requests on one connection, sent without waiting for the responses.

use futures_util::future::join;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::support::{RawHttp, TEST_TIMEOUT, TestApp};

/// The statuses of the responses until the connection ends.
async fn read_statuses(connection: &mut RawHttp) -> Vec<String> {
    let received = connection.read_to_end().await;
    received.split("HTTP/1.1 ").skip(1).map(|response| response[..3].to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_answered_in_order() {
    let app = TestApp::spawn().await;
    let requests = [
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /api/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ];
    let last = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut connection = RawHttp::open(&app.http).await;
    let all = requests.concat().repeat(250) + last;
    connection.write(all.as_bytes()).await.unwrap();
    let expected: Vec<_> = ["200", "404"].into_iter().cycle().take(500).chain(["200"]).collect();
    assert_eq!(read_statuses(&mut connection).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_behind_a_slow_one_are_answered() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut holder = app.sql().await;
    let lock = holder.transaction().await.unwrap();
    lock.execute("SELECT * FROM chats WHERE uri = $1 FOR UPDATE", &[&tea.uri]).await.unwrap();
    let post = format!(
        "POST /api/chats/{tea}/messages/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: JWT {}\r\n\
         Content-Type: application/json\r\nContent-Length: 16\r\n\r\n{{\"message\":\"hi\"}}",
        ada.token
    );
    let check = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let last = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut connection = RawHttp::open(&app.http).await;
    connection.write((post + &check.repeat(30)).as_bytes()).await.unwrap();
    ada.get("/auth/me/").await.assert_status(200);
    // More than what is read ahead.
    connection.write((check.repeat(300) + last).as_bytes()).await.unwrap();
    ada.get("/auth/me/").await.assert_status(200);
    lock.rollback().await.unwrap();
    let statuses = read_statuses(&mut connection).await;
    assert_eq!(statuses.len(), 332);
    assert!(statuses.iter().all(|status| status == "200"), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_large_posts_are_answered() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    // Much more than what is read ahead.
    let body = format!("{{\"message\":\"{}\"}}", "🫖".repeat(4_000));
    let post = format!(
        "POST /api/chats/{tea}/messages/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: JWT {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        ada.token,
        body.len()
    );
    let last = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut connection = RawHttp::open(&app.http).await;
    let (mut receiving, mut sending) = connection.stream.split();
    let (all, mut received) = (post.repeat(50) + last, String::new());
    let both = join(sending.write_all(all.as_bytes()), receiving.read_to_string(&mut received));
    let (sent, read) = timeout(TEST_TIMEOUT, both).await.expect("responses in time");
    assert!(sent.is_ok() && read.is_ok(), "{sent:?} {read:?}");
    let statuses: Vec<_> = received.split("HTTP/1.1 ").skip(1).map(|response| &response[..3]).collect();
    assert_eq!(statuses, ["200"; 51]);
    assert_eq!(received.to_lowercase().matches("connection: close").count(), 1, "only the last response");
}
