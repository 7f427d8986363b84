//! Replies to messages.

use serde_json::json;
use shared::{
    id::Seq,
    message::{Message, MessagePosted},
    problem::{FieldCode, ProblemCode},
    socket::{ClientFrame, ServerFrame},
};
use uuid::Uuid;

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn reply_refers_to_its_message_everywhere() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let question = ada.send_message(&tea, "tea?").await.stored.seq;
    let mut listener = ada.open_socket_in(&tea).await;
    // Fills the cache.
    ada.history(&tea, "").await;
    let posted: MessagePosted = brian.reply(&tea, question, "yes").await.assert_status(200).json();
    assert_eq!(posted.stored.reply_to, Some(question));
    let expected = Message { user: posted.stored.user.clone().public(), ..posted.stored };
    assert_eq!(listener.recv_changes().await.messages, std::slice::from_ref(&expected));
    let after = format!("?after={question}");
    for query in ["", "?before=100", after.as_str()] {
        assert_eq!(ada.history(&tea, query).await.messages.pop().unwrap(), expected, "{query}");
    }
    // As documented, the message that it replies to.
    let before = format!("?before={}&limit=1", question.get() + 1);
    assert_eq!(ada.history(&tea, &before).await.messages[0].seq, question);
}

#[tokio::test(flavor = "multi_thread")]
async fn reply_over_socket_is_stored() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let question = ada.send_message(&tea, "tea?").await.stored.seq;
    let mut socket = ada.open_socket_in(&tea).await;
    let reply = |reply_to| ClientFrame::Post {
        chat_id: tea.id,
        client_id: Uuid::new_v4(),
        message: "yes".to_owned(),
        reply_to: Some(reply_to),
        files: Vec::new(),
    };
    socket.send_frame(&reply(question)).await;
    assert_eq!(socket.recv_changes().await.messages[0].reply_to, Some(question));
    assert!(matches!(socket.recv_event().await, ServerFrame::Posted { .. }));
    for (missing, code) in
        [(999, ProblemCode::ReplyTargetNotFound), (0, ProblemCode::Invalid), (-1, ProblemCode::Invalid)]
    {
        socket.send_frame(&reply(Seq::new(missing))).await;
        assert_eq!(socket.recv_rejection().await.problem.code, code, "{missing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reply_needs_a_message_of_the_chat() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    for _ in 0..3 {
        ada.send_message(&coffee, "coffee?").await;
    }
    let question = ada.send_message(&tea, "tea?").await.stored.seq;
    ada.update_settings(&tea, &json!({ "topic": "green" })).await.assert_status(200);
    let event = ada.history(&tea, "").await.messages.pop().unwrap();
    assert!(event.event.is_some());
    // The first change is a membership, and the last one is not made yet.
    for missing in [1, event.seq.get(), event.seq.get() + 1] {
        let refused = ada.reply(&tea, Seq::new(missing), "yes").await;
        refused.assert_problem(ProblemCode::ReplyTargetNotFound);
    }
    for wrong in [json!("x"), json!(0), json!(-1), json!(1.5)] {
        let body = json!({ "message": "yes", "reply_to": wrong });
        let request = ada.post(&format!("/api/chats/{tea}/messages/")).json(&body);
        let problem = request.await.assert_problem(ProblemCode::Invalid);
        let error = (problem.errors[0].field.as_str(), problem.errors[0].code);
        assert_eq!(error, ("reply_to", FieldCode::NotNumber), "{wrong}");
    }
    ada.reply(&tea, question, "yes").await.assert_status(200);
    assert_eq!(app.query_count("SELECT count(*) FROM messages WHERE reply_to IS NOT NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn reply_survives_deletion_of_its_message() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let question = ada.send_message(&tea, "tea?").await.stored.seq;
    let reply: MessagePosted = ada.reply(&tea, question, "yes").await.assert_status(200).json();
    ada.delete_message(&tea, question).await.assert_status(204);
    let last = || async { ada.history(&tea, "").await.messages.pop().unwrap() };
    assert_eq!(last().await.reply_to, Some(question));
    // A deleted message can be replied to: the reply may have been on its way.
    ada.reply(&tea, question, "too late").await.assert_status(200);
    // So can one that has expired.
    app.execute_sql("DELETE FROM messages WHERE seq = 2").await;
    app.execute_sql("UPDATE chats SET first_retained_seq = 3").await;
    ada.reply(&tea, question, "much too late").await.assert_status(200);
    assert_eq!(last().await.reply_to, Some(question));
    // A deleted reply tells nothing.
    ada.delete_message(&tea, reply.stored.seq).await.assert_status(204);
    let deleted = ada.history(&tea, &format!("?before={}", reply.stored.seq.get() + 1)).await;
    assert_eq!(deleted.messages.last().map(|it| (it.deleted, it.reply_to)), Some((true, None)));
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_reply_is_stored_once() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let [first, second] = [ada.send_message(&tea, "tea?").await, ada.send_message(&tea, "coffee?").await]
        .map(|posted| posted.stored.seq);
    let client_id = Uuid::new_v4();
    let post = |reply_to: Option<Seq>| {
        let body = json!({ "message": "yes", "client_id": client_id, "reply_to": reply_to });
        ada.post(&format!("/api/chats/{tea}/messages/")).json(&body)
    };
    let stored: MessagePosted = post(Some(first)).await.assert_status(200).json();
    assert_eq!(post(Some(first)).await.assert_status(200).json::<MessagePosted>(), stored);
    for other in [Some(second), None] {
        post(other).await.assert_problem(ProblemCode::ClientIdConflict);
    }
    // Also once it is deleted.
    ada.delete_message(&tea, stored.stored.seq).await.assert_status(204);
    post(Some(first)).await.assert_status(200);
    post(None).await.assert_problem(ProblemCode::ClientIdConflict);
}
