//! The server while its database is unreachable.

use futures_util::future::join_all;
use serde_json::json;
use shared::socket::ServerFrame;

use crate::support::{PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn database_outage_returns_busy_and_recovers() {
    let (app, proxy) = TestApp::spawn_behind_proxy().await;
    let (ada, tea) = app.ada_and_chat().await;
    let warm = join_all((0..10).map(|_| ada.send_message(&tea, "before"))).await;
    assert_eq!(warm.len(), 10);
    proxy.cut();
    let sign_in = json!({ "username": "ada", "password": PASSWORD });
    // Enough requests to use every broken connection of the pool.
    for _ in 0..8 {
        ada.get(&format!("/api/chats/{tea}/changes/")).assert_retry_later().await;
        ada.try_send_message(&tea, "during").assert_retry_later().await;
        ada.get(&format!("/api/chats/{tea}/messages/")).assert_retry_later().await;
        app.http.post("/auth/jwt/create/").json(&sign_in).assert_retry_later().await;
    }
    app.http.get("/healthz").await.assert_status(200);
    proxy.restore();
    ada.send_message(&tea, "after").await;
    let texts: Vec<_> = ada.history(&tea, "").await.messages.into_iter().map(|m| m.message).collect();
    assert_eq!(texts[9..], ["before", "after"]);
}

/// A subscriber that was told to resync must get new messages once the database is back, however often it failed.
#[tokio::test(flavor = "multi_thread")]
async fn subscriber_gets_messages_after_database_outage() {
    let (app, proxy) = TestApp::spawn_behind_proxy().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut listener = ada.open_socket_in(&tea).await;
    ada.send_message(&tea, "before").await;
    listener.recv_changes().await;
    proxy.cut();
    for _ in 0..3 {
        ada.try_send_message(&tea, "during").assert_retry_later().await;
        assert_eq!(listener.recv_event().await, ServerFrame::Resync { chat_id: tea.id });
    }
    proxy.restore();
    ada.send_message(&tea, "after").await;
    let changes = listener.recv_changes().await;
    assert_eq!(changes.messages.last().unwrap().message, "after");
}
