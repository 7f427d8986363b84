//! Saying the same thing again, because the answer was lost: it is stored once.

use futures_util::future::join_all;
use serde_json::json;
use shared::{
    message::Posted,
    problem::{FieldCode, ProblemCode},
    socket::ServerFrame,
};
use uuid::Uuid;

use crate::app::{Call, Person, TestApp};

fn say_as(person: &Person, uri: &str, id: Uuid, message: &str) -> Call {
    let path = format!("/api/chats/{uri}/messages/");
    person.post(&path).json(&json!({ "message": message, "client_id": id }))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_post_again_is_answered_as_the_first_time() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let id = Uuid::new_v4();
    let first: Posted = say_as(&ada, &tea, id, "tea?").await.is(200).read();
    assert_eq!((first.stored.client_id, first.stored.seq), (id, 2));
    ada.says(&tea, "something between").await;
    assert_eq!(say_as(&ada, &tea, id, "tea?").await.is(200).read::<Posted>(), first);
    let by_header = ada.say(&tea, "tea?").header("idempotency-key", &id.to_string());
    assert_eq!(by_header.await.is(200).read::<Posted>(), first);
    let quoted = ada.say(&tea, "tea?").header("idempotency-key", &format!("\"{id}\""));
    assert_eq!(quoted.await.is(200).read::<Posted>(), first);
    assert_eq!(app.count("SELECT count(*) FROM messages").await, 2);
    assert_eq!(app.count("SELECT head FROM chats").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_id_cannot_say_two_things() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let id = Uuid::new_v4();
    say_as(&ada, &tea, id, "tea?").await.is(200);
    say_as(&ada, &tea, id, "coffee?").await.refused(ProblemCode::ClientIdReused);
    say_as(&ada, &tea, id, "tea? ").await.refused(ProblemCode::ClientIdReused);
    let read = ada.history(&tea, "").await;
    assert_eq!((read.messages.len(), read.head), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_counts_for_one_author_in_one_chat() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let coffee = ada.starts().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    let id = Uuid::new_v4();
    let mut seqs = Vec::new();
    for (person, uri) in [(&ada, &tea), (&brian, &tea), (&ada, &coffee)] {
        seqs.push(say_as(person, uri, id, &person.name).await.is(200).read::<Posted>().stored.seq);
    }
    assert_eq!(seqs, [3, 4, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_equal_posts_at_once_are_stored_once() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let id = Uuid::new_v4();
    let answers = join_all((0..20).map(|_| async { say_as(&ada, &tea, id, "tea?").await.is(200) })).await;
    assert!(answers.iter().all(|answer| answer.text == answers[0].text), "{answers:?}");
    assert_eq!(app.count("SELECT count(*) FROM messages").await, 1);
    assert_eq!(app.count("SELECT head FROM chats").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_different_texts_under_one_id_at_once_one_is_stored() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let id = Uuid::new_v4();
    let (ada, tea) = (&ada, &tea);
    let says = (0..10).map(|n| async move { say_as(ada, tea, id, &format!("message {n}")).await.status });
    let mut statuses = join_all(says).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [&[200][..], &[422; 9]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_was_sent_by_rest_and_by_the_socket_is_one() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let id = Uuid::new_v4();
    let first: Posted = say_as(&ada, &tea, id, "tea?").await.is(200).read();
    let mut listener = ada.listens().await;
    listener.posts(&tea, id, "tea?").await;
    let posted =
        ServerFrame::Posted { client_id: id, seq: first.stored.seq, revision: first.stored.revision };
    assert_eq!(listener.hears().await, posted);
    listener.posts(&tea, id, "coffee?").await;
    assert_eq!(listener.hears_refusal().await.2.code, ProblemCode::ClientIdReused);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_no_uuid_is_refused() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let path = format!("/api/chats/{tea}/messages/");
    let in_body = ada.post(&path).json(&json!({ "message": "tea?", "client_id": "7" }));
    let in_header = ada.say(&tea, "tea?").header("idempotency-key", "7");
    for call in [in_body, in_header] {
        let errors = call.await.refused(ProblemCode::Invalid).errors;
        assert_eq!((errors.len(), errors[0].field.as_str()), (1, "client_id"));
        assert_eq!(errors[0].code, FieldCode::NotUuid);
    }
    assert_eq!(app.count("SELECT count(*) FROM messages").await, 0);
}
