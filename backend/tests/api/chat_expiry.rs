//! Deleting chats, chat expiry and message retention.

use backend::jobs::chat_expiry;
use futures_util::future::join_all;
use serde_json::json;
use shared::{
    event::Event, id::Seq, message::Message, problem::ProblemCode, socket::ServerFrame, sync::ApplyResult,
    timeline::Timeline,
};
use uuid::Uuid;

use crate::support::{TestApp, TestUser};

fn texts<'a>(messages: impl Iterator<Item = &'a Message>) -> Vec<&'a str> {
    messages.filter(|posted| posted.event.is_none()).map(|posted| posted.message.as_str()).collect()
}

async fn catch_up(person: &TestUser, uri: &str, timeline: &mut Timeline) {
    loop {
        let changes = person.changes(uri, timeline.head()).await;
        let more = changes.more;
        assert_ne!(timeline.apply(changes), ApplyResult::Gap);
        if !more {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_chat_is_gone_for_everyone() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let coffee = ada.create_chat().await;
    brian.join(&coffee).await;
    ada.update_settings(&tea, &json!({ "name": "Tea" })).await.assert_status(200);
    brian.send_message(&tea, "tea?").await;
    brian.delete_chat(&tea).await.assert_problem(ProblemCode::Forbidden);
    let (mut his, mut hers) = (brian.open_socket_in(&tea).await, ada.open_socket_in(&tea).await);
    his.subscribe(&coffee, None, None).await;
    his.recv_changes().await;
    let mut stream = brian.open_stream(&tea).await;
    ada.delete_chat(&tea).await.assert_status(204);
    assert_eq!(his.recv_gone().await, tea.id);
    assert_eq!(hers.recv_gone().await, tea.id);
    let last = stream.next().await.expect("a last event");
    assert_eq!(last.name, "gone", "{last:?}");
    assert!(
        matches!(serde_json::from_str(&last.data).unwrap(), ServerFrame::Gone { chat_id } if chat_id == tea.id)
    );
    assert!(stream.next().await.is_none());
    his.post_message(tea.id, Uuid::new_v4(), "still here?").await;
    assert_eq!(his.recv_rejection().await.problem.code, ProblemCode::ChatDeleted);
    his.subscribe(&tea, None, None).await;
    assert_eq!(his.recv_rejection().await.problem.code, ProblemCode::ChatDeleted);
    // Other chats go on.
    ada.send_message(&coffee, "coffee?").await;
    assert_eq!(his.recv_changes().await.chat_id, coffee.id);
    for user in [&ada, &brian, &app.create_user("eve").await] {
        assert_requests_find_deleted_chat(user, &tea).await;
    }
}

async fn assert_requests_find_deleted_chat(user: &TestUser, uri: &str) {
    let requests = [
        user.try_send_message(uri, "still here?"),
        user.try_join(uri),
        user.try_open_stream(uri),
        user.get(&format!("/api/chats/{uri}/messages/")),
        user.get(&format!("/api/chats/{uri}/changes/")),
        user.update_settings(uri, &json!({ "name": "Tea" })),
        user.leave_chat(uri),
        user.delete_chat(uri),
    ];
    for request in requests {
        request.await.assert_problem(ProblemCode::ChatDeleted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_chat_keeps_audit_log_only() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    ada.update_settings(&tea, &json!({ "name": "Tea", "topic": "green" })).await.assert_status(200);
    brian.send_messages(&tea, "tea?", 1_100).await;
    let sql = app.sql().await;
    sql.batch_execute(&format!(
        "INSERT INTO former_uris (uri, chat_id) SELECT 'oldtea', id FROM chats; \
         INSERT INTO invite_links (chat_id, secret_hash, label, role, created_by) \
           SELECT id, 'x', '', 'writer', {ada} FROM chats; \
         INSERT INTO invite_link_uses SELECT id, {brian} FROM invite_links",
        ada = ada.id,
        brian = brian.id,
    ))
    .await
    .unwrap();
    ada.delete_chat(&tea).await.assert_status(204);
    chat_expiry::run_once(&app.state.db, &app.state.chats).await.unwrap();
    for table in ["messages", "members", "invite_link_uses", "invite_links", "former_uris"] {
        assert_eq!(app.query_count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    let blank =
        "SELECT count(*) FROM chats WHERE deleted_at IS NOT NULL AND purged AND name = '' AND topic = ''";
    assert_eq!(app.query_count(blank).await, 1);
    let deleted = "SELECT user_id FROM audit_log WHERE action ->> 'kind' = 'deleted'";
    assert_eq!(app.query_count(deleted).await, ada.id.get());
    assert_eq!(app.query_count("SELECT count(*) FROM audit_log").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_during_chat_deletion_are_stored_or_rejected() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let posts = join_all((0..40).map(|_| async { brian.try_send_message(&tea, "quick").await.status }));
    let (posts, _) = tokio::join!(posts, async { ada.delete_chat(&tea).await.assert_status(204) });
    assert!(posts.iter().all(|status| [200, 410].contains(status)), "{posts:?}");
    let stored = posts.iter().filter(|status| **status == 200).count();
    assert_eq!(app.query_count("SELECT head FROM chats").await, 2 + i64::try_from(stored).unwrap());
    chat_expiry::run_once(&app.state.db, &app.state.chats).await.unwrap();
    assert_eq!(app.query_count("SELECT count(*) FROM messages").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_chat_deletions_apply_once() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let ends = join_all((0..20).map(|_| async { ada.delete_chat(&tea).await.status })).await;
    assert_eq!(ends.iter().filter(|status| **status == 204).count(), 1, "{ends:?}");
    assert_eq!(ends.iter().filter(|status| **status == 410).count(), 19, "{ends:?}");
    assert_eq!(app.query_count("SELECT count(*) FROM audit_log").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_chat_is_deleted() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    for uri in [&tea, &coffee] {
        ada.update_settings(uri, &json!({ "expires_in": 3_600 })).await.assert_status(200);
    }
    let mut listener = ada.open_socket_in(&tea).await;
    let past = "UPDATE chats SET expires_at = now() - interval '1 second' WHERE uri = $1";
    app.sql().await.execute(past, &[&tea.uri]).await.unwrap();
    chat_expiry::run_once(&app.state.db, &app.state.chats).await.unwrap();
    assert_eq!(listener.recv_gone().await, tea.id);
    ada.try_send_message(&tea, "still here?").await.assert_problem(ProblemCode::ChatDeleted);
    ada.send_message(&coffee, "still here").await;
    assert_eq!(app.query_count("SELECT count(*) FROM audit_log WHERE user_id IS NULL").await, 1);
    chat_expiry::run_once(&app.state.db, &app.state.chats).await.unwrap();
    assert_eq!(
        app.query_count("SELECT count(*) FROM chats WHERE deleted_at IS NOT NULL AND purged").await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_messages_vanish_for_all_clients() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.update_settings(&tea, &json!({ "retention_days": 7 })).await.assert_status(200);
    let mut last = Seq::new(0);
    for text in ["one", "two", "three", "four"] {
        last = ada.send_message(&tea, text).await.stored.seq;
    }
    let (mut stays, mut away) = (ada.open_timeline(&tea).await, ada.open_timeline(&tea).await);
    let mut listener = ada.open_socket_in(&tea).await;
    let gone = "UPDATE messages SET created_at = now() - interval '8 days' WHERE seq < $1";
    app.sql().await.execute(gone, &[&last.get()]).await.unwrap();
    chat_expiry::run_once(&app.state.db, &app.state.chats).await.unwrap();
    let received = listener.recv_changes().await;
    assert_eq!(received.chat.as_ref().map(|chat| chat.first_retained_seq), Some(last));
    assert_eq!((received.head.get() - received.after.get(), received.messages.len()), (1, 0));
    assert_eq!(stays.apply(received), ApplyResult::Applied);
    ada.send_message(&tea, "five").await;
    assert_eq!(stays.apply(listener.recv_changes().await), ApplyResult::Applied);
    catch_up(&ada, &tea, &mut away).await;
    let fresh = ada.open_timeline(&tea).await;
    for timeline in [&stays, &away, &fresh] {
        assert_eq!(texts(timeline.messages()), ["four", "five"]);
        assert!(!timeline.has_earlier());
    }
    assert_eq!(texts(ada.history(&tea, "?after=0").await.messages.iter()), ["four", "five"]);
    assert_eq!(app.query_count("SELECT count(*) FROM messages").await, 2);
    chat_expiry::run_once(&app.state.db, &app.state.chats).await.unwrap();
    listener.sync().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_stay_without_retention_limit() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.send_message(&tea, "tea?").await;
    let gone = "UPDATE messages SET created_at = now() - interval '9 years'";
    app.sql().await.execute(gone, &[]).await.unwrap();
    chat_expiry::run_once(&app.state.db, &app.state.chats).await.unwrap();
    assert_eq!(texts(ada.history(&tea, "").await.messages.iter()), ["tea?"]);
    assert_eq!(app.query_count("SELECT first_retained_seq FROM chats").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_messages_are_deleted_in_steps() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.update_settings(&tea, &json!({ "retention_days": 1 })).await.assert_status(200);
    app.sql()
        .await
        .batch_execute(
            "INSERT INTO messages (chat_id, seq, revision, user_id, client_id, message, created_at) \
             SELECT 1, n, n, 1, gen_random_uuid(), 'old', now() - interval '2 days' \
             FROM generate_series(4, 12003) AS n; \
             UPDATE messages SET created_at = now() - interval '2 days'; UPDATE chats SET head = 12003",
        )
        .await
        .unwrap();
    let newest = ada.send_message(&tea, "new").await.stored.seq;
    chat_expiry::run_once(&app.state.db, &app.state.chats).await.unwrap();
    assert_eq!(app.query_count("SELECT first_retained_seq FROM chats").await, 10_003);
    assert_eq!(app.query_count("SELECT min(seq) FROM messages").await, 10_003);
    chat_expiry::run_once(&app.state.db, &app.state.chats).await.unwrap();
    assert_eq!(app.query_count("SELECT first_retained_seq FROM chats").await, newest.get());
    assert_eq!(app.query_count("SELECT count(*) FROM messages").await, 1);
    let audit = ada.audit_log(&tea).await;
    assert_eq!(audit, [(ada.id, Event::Retention { days: Some(1) })], "retention runs are not logged");
}

#[tokio::test(flavor = "multi_thread")]
async fn extended_chat_is_not_deleted() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    for more in [3_600, 0] {
        ada.update_settings(&tea, &json!({ "expires_in": more })).await.assert_status(200);
        let rejected = app.state.chats.delete_chat(tea.id, None).await.unwrap_err();
        assert_eq!(rejected.problem().code, ProblemCode::Conflict);
        ada.send_message(&tea, "we go on").await;
    }
}
