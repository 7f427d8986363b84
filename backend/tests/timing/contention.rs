//! A busy chat, pool or database does not block other requests.

use std::{
    future::IntoFuture,
    time::{Duration, Instant},
};

use serde_json::json;
use shared::{id::Seq, message::MessagePosted, socket::ServerFrame};
use tokio::time::timeout;
use tokio_postgres::Transaction;
use uuid::Uuid;

use crate::support::{TEST_TIMEOUT, TestApp, WsClient};

const LOCK_CHAT: &str = "SELECT * FROM chats WHERE uri = $1 FOR UPDATE";

/// Waits until the slow path waits for the chat's lock; the fast path gives up sooner.
async fn wait_for_lock_waiter(lock: &Transaction<'_>) {
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                 AND wait_event_type = 'Lock' AND query LIKE 'SELECT%FOR UPDATE%'";
    let started = Instant::now();
    while lock.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        assert!(started.elapsed() < TEST_TIMEOUT, "no statement waits for the lock");
        lock.batch_execute("SELECT pg_stat_clear_snapshot()").await.unwrap();
    }
}

/// Receives the acknowledgements of these posts in their order; returns their places in the chat.
async fn recv_acknowledgements(author: &mut WsClient, ids: &[Uuid]) -> Vec<Seq> {
    let mut seqs = Vec::new();
    for id in ids {
        let frame = author.recv_event().await;
        let ServerFrame::Posted { client_id, seq, .. } = frame else { panic!("{frame:?}") };
        assert_eq!(client_id, *id, "acknowledgements come in order");
        seqs.push(seq);
    }
    seqs
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_to_locked_chat_keep_order() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let others = [ada.create_chat().await, ada.create_chat().await, ada.create_chat().await];
    let mut listener = ada.open_socket_in(&tea).await;
    let mut author = ada.open_socket().await;
    let mut holder = app.sql().await;
    let lock = holder.transaction().await.unwrap();
    lock.execute(LOCK_CHAT, &[&tea.uri]).await.unwrap();
    let ids: Vec<_> = (0..40).map(|_| Uuid::new_v4()).collect();
    author.post_message(tea.id, ids[0], "0").await;
    wait_for_lock_waiter(&lock).await;
    let by_rest = tokio::spawn(ada.try_send_with_id(&tea, ids[39], "by REST").into_future());
    for (number, id) in ids.iter().enumerate().take(39).skip(1) {
        author.post_message(tea.id, *id, &number.to_string()).await;
        let started = Instant::now();
        ada.send_message(&others[number % 3], "meanwhile").await;
        assert!(started.elapsed() < Duration::from_secs(1), "other chats are not blocked");
    }
    author.sync().await;
    assert!(!by_rest.is_finished());
    lock.rollback().await.unwrap();
    let seqs = recv_acknowledgements(&mut author, &ids[..39]).await;
    let rest: MessagePosted = by_rest.await.unwrap().assert_status(200).json();
    assert!(seqs.is_sorted() && !seqs.contains(&rest.stored.seq), "{seqs:?}");
    let mut received = Vec::new();
    while received.len() < 40 {
        received.extend(listener.recv_changes().await.messages.into_iter().map(|m| (m.seq, m.client_id)));
    }
    assert_eq!(received.iter().map(|(seq, _)| seq.get()).collect::<Vec<_>>(), (2..=41).collect::<Vec<_>>());
    received.retain(|(_, id)| *id != ids[39]);
    assert_eq!(received.iter().map(|(_, id)| *id).collect::<Vec<_>>(), ids[..39]);
    ada.send_message(&tea, "fast again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_one_user_do_not_hold_up_others() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn().await;
    let (ada, brian) = (app.create_user("ada").await, app.create_user("brian").await);
    let own = brian.create_chat().await;
    let mut holder = app.sql().await;
    let lock = holder.transaction().await.unwrap();
    let mut changes = Vec::new();
    // More than run at the same time.
    for number in 0..20 {
        let chat = ada.create_chat().await;
        lock.execute(LOCK_CHAT, &[&chat.uri]).await.unwrap();
        changes.push(tokio::spawn(
            ada.update_settings(&chat, &json!({ "topic": number.to_string() })).into_future(),
        ));
    }
    wait_for_lock_waiter(&lock).await;
    let started = Instant::now();
    brian.update_settings(&own, &json!({ "topic": "tea" })).await.assert_status(200);
    assert!(started.elapsed() < Duration::from_secs(1), "another user's change is not blocked");
    lock.rollback().await.unwrap();
    for change in changes {
        change.await.unwrap().assert_status(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_database_keeps_health_and_loses_nothing() {
    let _serial = crate::serial().await;
    let (app, proxy) = TestApp::spawn_behind_proxy().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.send_message(&tea, "before").await;
    proxy.stall();
    let waiting = tokio::spawn(ada.try_send_message(&tea, "during").into_future());
    for _ in 0..10 {
        let health = timeout(Duration::from_secs(5), app.http.get("/healthz")).await;
        assert_eq!(health.expect("response in time").status, 200);
    }
    assert!(!waiting.is_finished());
    proxy.restore();
    timeout(TEST_TIMEOUT, waiting).await.expect("response in time").unwrap().assert_status(200);
    assert_eq!(ada.history(&tea, "").await.messages.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn exhausted_pool_returns_busy() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut held = Vec::new();
    while let Ok(connection) = timeout(Duration::from_secs(1), app.state.db.get()).await {
        held.push(connection.unwrap());
        assert!(held.len() <= 100, "the pool is bounded");
    }
    ada.get(&format!("/api/chats/{tea}/changes/")).assert_retry_later().await;
    app.http.get("/healthz").await.assert_status(200);
    held.clear();
    ada.send_message(&tea, "tea?").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_chat_does_not_block_other_chats() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let others = [ada.create_chat().await, ada.create_chat().await, ada.create_chat().await];
    let mut holder = app.sql().await;
    let lock = holder.transaction().await.unwrap();
    lock.execute(LOCK_CHAT, &[&tea.uri]).await.unwrap();
    let waiting = tokio::spawn(ada.try_send_message(&tea, "later").into_future());
    for uri in &others {
        let posted = timeout(Duration::from_secs(2), ada.send_message(uri, "now")).await;
        assert_eq!(posted.expect("other chats are not blocked").stored.seq.get(), 2);
    }
    lock.rollback().await.unwrap();
    let response = waiting.await.unwrap();
    assert!([200, 503].contains(&response.status), "{response:?}");
}
