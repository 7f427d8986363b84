//! The server while its database is unreachable.

use std::time::Duration;

use backend::store::{Db, instance};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::socket::ServerFrame;

use crate::support::{PASSWORD, TestApp, database};

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

#[tokio::test(flavor = "multi_thread")]
async fn unwritable_database_is_busy_and_not_ready() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let post = || ada.try_send_message(&tea, "tea?");
    app.http.get("/readyz").await.assert_status(200);
    // As PostgreSQL says it when the disk is full.
    app.execute_sql(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION \
           'could not extend file \"base/1/2\": No space left on device' USING ERRCODE = 'disk_full'; END $$; \
         CREATE TRIGGER full_disk BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION fail(); \
         CREATE TRIGGER full_disk BEFORE UPDATE ON instance FOR EACH ROW EXECUTE FUNCTION fail()",
    )
    .await;
    app.advance_clock(Duration::from_secs(2));
    post().assert_retry_later().await;
    app.http.get("/readyz").assert_retry_later().await;
    app.execute_sql("DROP FUNCTION fail CASCADE").await;
    app.advance_clock(Duration::from_secs(2));
    post().await.assert_status(200);
    app.http.get("/readyz").await.assert_status(200);

    let read_only = "ALTER DATABASE %s SET default_transaction_read_only = on";
    let name = app.database.get_dbname().unwrap();
    app.execute_sql(&read_only.replace("%s", name)).await;
    let restart = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
    app.sql().await.query(restart, &[]).await.unwrap();
    app.advance_clock(Duration::from_secs(2));
    for _ in 0..3 {
        post().assert_retry_later().await;
        ada.request(&Method::PATCH, &format!("/api/chats/{tea}/settings/"))
            .json(&json!({ "topic": "tea" }))
            .assert_retry_later()
            .await;
        app.http.get("/readyz").assert_retry_later().await;
    }
    app.http.get("/healthz").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn writable_database_has_room_for_a_file() {
    let app = TestApp::spawn().await;
    let check = async || {
        let db = Db::new(&database::url(&app.database), 1).unwrap();
        instance::check_writable(&mut db.get().await.unwrap()).await
    };
    check().await.unwrap();
    let name = app.database.get_dbname().unwrap();
    app.execute_sql(&format!("ALTER DATABASE {name} SET temp_file_limit = '1MB'")).await;
    check().await.unwrap_err();
}
