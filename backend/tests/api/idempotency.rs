//! Retried posts are stored once.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{
    id::Seq,
    message::MessagePosted,
    problem::{FieldCode, ProblemCode},
    socket::ServerFrame,
};
use uuid::Uuid;

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn repeated_post_returns_first_response() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let id = Uuid::new_v4();
    let first: MessagePosted = ada.try_send_with_id(&tea, id, "tea?").await.assert_status(200).json();
    assert_eq!((first.stored.client_id, first.stored.seq.get()), (id, 2));
    ada.send_message(&tea, "something between").await;
    assert_eq!(
        ada.try_send_with_id(&tea, id, "tea?").await.assert_status(200).json::<MessagePosted>(),
        first
    );
    let by_header = ada.try_send_message(&tea, "tea?").header("idempotency-key", &id.to_string());
    assert_eq!(by_header.await.assert_status(200).json::<MessagePosted>(), first);
    let quoted = ada.try_send_message(&tea, "tea?").header("idempotency-key", &format!("\"{id}\""));
    assert_eq!(quoted.await.assert_status(200).json::<MessagePosted>(), first);
    assert_eq!(app.query_count("SELECT count(*) FROM messages").await, 2);
    assert_eq!(app.query_count("SELECT head FROM chats").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_response_is_marked_as_replayed() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let id = Uuid::new_v4();
    for marked in ["", "true", "true"] {
        let answer = ada.try_send_with_id(&tea, id, "tea?").await.assert_status(200);
        assert_eq!(answer.header("idempotency-replayed"), marked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unsupported_idempotency_key_is_rejected() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let answer = ada.post("/api/chats/").header("idempotency-key", &Uuid::new_v4().to_string()).await;
    answer.assert_problem(ProblemCode::Malformed);
    assert_eq!(app.query_count("SELECT count(*) FROM chats").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn client_id_with_another_text_is_rejected() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let id = Uuid::new_v4();
    ada.try_send_with_id(&tea, id, "tea?").await.assert_status(200);
    ada.try_send_with_id(&tea, id, "coffee?").await.assert_problem(ProblemCode::ClientIdConflict);
    ada.try_send_with_id(&tea, id, "tea? ").await.assert_problem(ProblemCode::ClientIdConflict);
    let read = ada.history(&tea, "").await;
    assert_eq!((read.messages.len(), read.head.get()), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn client_id_is_scoped_to_author_and_chat() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    let id = Uuid::new_v4();
    let mut seqs = Vec::new();
    for (user, uri) in [(&ada, &tea), (&brian, &tea), (&ada, &coffee)] {
        seqs.push(
            user.try_send_with_id(uri, id, &user.name)
                .await
                .assert_status(200)
                .json::<MessagePosted>()
                .stored
                .seq,
        );
    }
    assert_eq!(seqs, [3, 4, 2].map(Seq::new));
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_equal_posts_are_stored_once() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let id = Uuid::new_v4();
    let responses =
        join_all((0..20).map(|_| async { ada.try_send_with_id(&tea, id, "tea?").await.assert_status(200) }))
            .await;
    assert!(responses.iter().all(|response| response.text == responses[0].text), "{responses:?}");
    assert_eq!(app.query_count("SELECT count(*) FROM messages").await, 1);
    assert_eq!(app.query_count("SELECT head FROM chats").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_texts_with_one_id_store_one() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let id = Uuid::new_v4();
    let (ada, tea) = (&ada, &tea);
    let posts =
        (0..10).map(|n| async move { ada.try_send_with_id(tea, id, &format!("message {n}")).await.status });
    let mut statuses = join_all(posts).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [&[200][..], &[422; 9]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn post_by_rest_and_socket_is_stored_once() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let id = Uuid::new_v4();
    let first: MessagePosted = ada.try_send_with_id(&tea, id, "tea?").await.assert_status(200).json();
    let mut listener = ada.open_socket().await;
    listener.post_message(tea.id, id, "tea?").await;
    let posted =
        ServerFrame::Posted { client_id: id, seq: first.stored.seq, revision: first.stored.revision };
    assert_eq!(listener.recv_event().await, posted);
    listener.post_message(tea.id, id, "coffee?").await;
    assert_eq!(listener.recv_rejection().await.problem.code, ProblemCode::ClientIdConflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_client_id_is_rejected() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let path = format!("/api/chats/{tea}/messages/");
    let in_body = ada.post(&path).json(&json!({ "message": "tea?", "client_id": "7" }));
    let in_header = ada.try_send_message(&tea, "tea?").header("idempotency-key", "7");
    for request in [in_body, in_header] {
        let errors = request.await.assert_problem(ProblemCode::Invalid).errors;
        assert_eq!((errors.len(), errors[0].field.as_str()), (1, "client_id"));
        assert_eq!(errors[0].code, FieldCode::NotUuid);
    }
    assert_eq!(app.query_count("SELECT count(*) FROM messages").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_message_is_not_posted_with_another_text() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
    for id in [one, other] {
        ada.try_send_with_id(&tea, id, "téa?").await.assert_status(200);
    }
    let path = format!("/api/chats/{tea}/messages/");
    ada.request(&Method::DELETE, &format!("{path}2/")).await.assert_status(204);
    let recent = format!("{path}?user={}&minutes=10", ada.id);
    ada.request(&Method::DELETE, &recent).await.assert_status(200);
    for id in [one, other] {
        let again: MessagePosted = ada.try_send_with_id(&tea, id, "téa?").await.assert_status(200).json();
        assert!(again.stored.deleted && again.stored.message == "Message deleted", "{again:?}");
        ada.try_send_with_id(&tea, id, "coffee?").await.assert_problem(ProblemCode::ClientIdConflict);
    }
}
