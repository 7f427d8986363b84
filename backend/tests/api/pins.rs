//! Pinned messages.

use backend::jobs::chat_expiry;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{
    chat::Chat,
    event::Event,
    id::Seq,
    message::{PINS_MAX, PinsResponse},
    problem::ProblemCode,
    sync::ApplyResult,
};

use crate::support::{ApiRequest, TestApp, TestUser};

fn path(uri: &str, seq: Seq) -> String {
    format!("/api/chats/{uri}/pins/{seq}/")
}

fn try_pin(user: &TestUser, uri: &str, seq: Seq) -> ApiRequest {
    user.request(&Method::PUT, &path(uri, seq))
}

async fn pin(user: &TestUser, uri: &str, seq: Seq) -> Chat {
    try_pin(user, uri, seq).await.assert_status(200).json()
}

async fn unpin(user: &TestUser, uri: &str, seq: Seq) -> Chat {
    user.request(&Method::DELETE, &path(uri, seq)).await.assert_status(200).json()
}

async fn listed(user: &TestUser, uri: &str) -> Vec<Seq> {
    let response: PinsResponse = user.get(&format!("/api/chats/{uri}/pins/")).await.assert_status(200).json();
    response.messages.iter().map(|message| message.seq).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pins_are_changes_of_the_chat() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let first = brian.send_message(&tea, "one").await.stored;
    let second = ada.send_message(&tea, "two").await.stored;
    let mut away = ada.open_timeline(&tea).await;
    let mut listener = brian.open_socket_in(&tea).await;
    assert_eq!(pin(&ada, &tea, first.seq).await.pins, [first.seq]);
    let received = listener.recv_changes().await;
    assert_eq!(received.chat.unwrap().pins, [first.seq]);
    let event = Event::MessagePinned { target: (&first.user).into(), seq: first.seq };
    assert_eq!(received.messages[0].event, Some(event.clone()));
    let chat = pin(&ada, &tea, second.seq).await;
    assert_eq!(chat.pins, [first.seq, second.seq]);
    assert_eq!(listed(&brian, &tea).await, [second.seq, first.seq]);
    // Doing it again changes nothing.
    assert_eq!(pin(&ada, &tea, first.seq).await, chat);
    let chat = unpin(&ada, &tea, first.seq).await;
    assert_eq!(chat.pins, [second.seq]);
    assert_eq!(unpin(&ada, &tea, first.seq).await, chat);
    assert_eq!(away.apply(ada.changes(&tea, away.head()).await), ApplyResult::Applied);
    assert_eq!(away, ada.open_timeline(&tea).await);
    let pinned = Event::MessagePinned { target: (&second.user).into(), seq: second.seq };
    let unpinned = Event::MessageUnpinned { target: (&first.user).into(), seq: first.seq };
    assert_eq!(ada.audit_log(&tea).await, [unpinned, pinned, event].map(|event| (ada.id, event)));
}

#[tokio::test(flavor = "multi_thread")]
async fn pin_goes_with_its_message() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut seqs = Vec::new();
    for text in ["one", "two", "three"] {
        let seq = brian.send_message(&tea, text).await.stored.seq;
        pin(&ada, &tea, seq).await;
        seqs.push(seq);
    }
    brian.delete_message(&tea, seqs[1]).await.assert_status(204);
    assert_eq!(ada.open_timeline(&tea).await.chat().pins, [seqs[0], seqs[2]]);
    assert_eq!(listed(&brian, &tea).await, [seqs[2], seqs[0]]);
    try_pin(&ada, &tea, seqs[1]).await.assert_problem(ProblemCode::MessageDeleted);
    // The first expires.
    ada.update_settings(&tea, &json!({ "retention_days": 1 })).await.assert_status(200);
    let aged = format!("UPDATE messages SET created_at = now() - interval '2 days' WHERE seq <= {}", seqs[0]);
    app.execute_sql(&aged).await;
    chat_expiry::run_once(&app.state.db, &app.state.chats).await.unwrap();
    assert_eq!(ada.open_timeline(&tea).await.chat().pins, [seqs[2]]);
    try_pin(&ada, &tea, seqs[0]).await.assert_problem(ProblemCode::NotFound);
    // All recent messages of an author are deleted.
    let recent = format!("/api/chats/{tea}/messages/?user={}&minutes=5", brian.id);
    ada.request(&Method::DELETE, &recent).await.assert_status(200);
    assert!(ada.open_timeline(&tea).await.chat().pins.is_empty());
    assert!(listed(&brian, &tea).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_has_at_most_fifty_pins() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.send_messages(&tea, "tea?", PINS_MAX + 1).await; // 2 to 52
    app.execute_sql("UPDATE chats SET pins = (SELECT array_agg(seq) FROM messages WHERE seq < 51)").await;
    // Two at once: one of them is the fiftieth.
    let pins = [51, 52].map(|seq| try_pin(&ada, &tea, Seq::new(seq)));
    let mut statuses: Vec<_> = join_all(pins.map(|pin| async { pin.await.status })).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(listed(&ada, &tea).await.len(), PINS_MAX);
    assert_eq!(unpin(&ada, &tea, Seq::new(2)).await.pins.len(), PINS_MAX - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_texts_of_this_chat_are_pinned() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let coffee = brian.create_chat().await;
    let elsewhere = brian.send_message(&coffee, "coffee?").await.stored;
    try_pin(&ada, &tea, Seq::new(elsewhere.seq.get() + 100)).await.assert_problem(ProblemCode::NotFound);
    try_pin(&ada, &coffee, elsewhere.seq).await.assert_problem(ProblemCode::ChatNotFound);
    ada.update_settings(&tea, &json!({ "topic": "green" })).await.assert_status(200);
    let event = ada.history(&tea, "").await.messages.pop().unwrap().seq;
    try_pin(&ada, &tea, event).await.assert_problem(ProblemCode::Conflict);
    try_pin(&brian, &tea, event).await.assert_problem(ProblemCode::Forbidden);
}
