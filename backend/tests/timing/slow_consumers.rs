//! Clients that do not read while many messages are sent.

use futures_util::future::join;
use shared::{id::Head, socket::ClientFrame};
use tokio::time::timeout;

use crate::support::{
    HttpClient, TEST_TIMEOUT, TestApp, WsClient,
    raw_websocket::{TEXT, frame},
};

/// With 16 kB each far more than the server queues for a connection.
const MESSAGES: i64 = 1_900;

/// Returns the `seq` of every message received up to `head`.
async fn recv_all(listener: &mut WsClient, head: Head) -> Vec<i64> {
    let (mut known, mut seqs) = (Head::new(1), Vec::new());
    while known < head {
        let changes = listener.recv_changes().await;
        assert_eq!(changes.after, known, "no change is missing or repeated");
        // Changes may contain rows above their head, and repeat them later.
        let new = changes.messages.iter().map(|message| message.seq.get());
        seqs.extend(new.filter(|seq| *seq <= changes.head.get()));
        known = changes.head;
    }
    seqs
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_consumer_blocks_nobody_and_catches_up() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut asleep = ada.open_socket_in(&tea).await;
    let mut awake = ada.open_socket_in(&tea).await;
    let head = Head::new(MESSAGES + 1);
    let text = "🫖".repeat(4_000);
    let posting = ada.send_messages(&tea, &text, usize::try_from(MESSAGES).unwrap());
    let ((), all) = join(posting, recv_all(&mut awake, head)).await;
    assert_eq!(all, (2..=head.get()).collect::<Vec<_>>());
    assert_eq!(recv_all(&mut asleep, head).await, all);
    ada.send_message(&tea, "awake?").await;
    for listener in [&mut asleep, &mut awake] {
        assert_eq!(listener.recv_changes().await.after, head, "both get new messages");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn aborted_slow_consumers_stop_nobody() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let subscribe = ClientFrame::Subscribe { chat_id: Some(tea.id), uri: None, after: None, epoch: None };
    let subscribe = frame(TEXT, serde_json::to_string(&subscribe).unwrap().as_bytes());
    let mut asleep = Vec::new();
    for _ in 0..4 {
        let mut socket = ada.open_raw_socket().await;
        socket.send(&subscribe).await;
        socket.recv_event().await;
        asleep.push(socket);
    }
    ada.send_messages(&tea, &"🫖".repeat(4_000), 700).await;
    for socket in asleep {
        socket.stream.set_zero_linger().unwrap();
    }
    ada.send_message(&tea, "gone?").await;
    let address = app.http.address.parse().unwrap();
    // More connections than worker threads.
    for _ in 0..16 {
        let health = timeout(TEST_TIMEOUT, HttpClient::new(address).get("/healthz")).await;
        health.expect("every worker answers").assert_status(200);
    }
    timeout(TEST_TIMEOUT, app.shut_down()).await.expect("the server stops");
}
