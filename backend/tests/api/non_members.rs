//! Non-members learn nothing of a chat, not even that it exists.

use std::collections::BTreeSet;

use shared::{
    id::{ChatId, Head},
    member::MembershipStatus,
    problem::ProblemCode,
    socket::ServerFrame,
};
use uuid::Uuid;

use crate::support::{ApiResponse, Rejection, TestApp};

const UNKNOWN_URI: &str = "aaaaaaaaaaaaaaaaaaaaaa";
const UNKNOWN_ID: ChatId = ChatId::new(1_000_000);

#[tokio::test(flavor = "multi_thread")]
async fn foreign_chat_looks_nonexistent() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let eve = app.create_user("eve").await;
    ada.send_message(&tea, "secret").await;
    let epoch = format!("changes/?epoch={}", Uuid::new_v4());
    for path in ["messages/", "messages/?before=2", "changes/", "changes/?after=99", &epoch] {
        let at = |uri: &str| eve.get(&format!("/api/chats/{uri}/{path}"));
        let (theirs, nowhere) = (at(&tea).await, at(UNKNOWN_URI).await);
        assert_eq!(theirs.text, nowhere.text, "{path}");
        let names = |response: &ApiResponse| {
            response.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>()
        };
        assert_eq!(names(&theirs), names(&nowhere), "{path}");
        theirs.assert_problem(ProblemCode::ChatNotFound);
    }
    let (theirs, nowhere) =
        (eve.try_send_message(&tea, "tea?").await, eve.try_send_message(UNKNOWN_URI, "tea?").await);
    assert_eq!(theirs.text, nowhere.text);
    theirs.assert_problem(ProblemCode::ChatNotFound);
    assert_eq!(ada.history(&tea, "").await.messages.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_chat_looks_nonexistent_on_socket() {
    let app = TestApp::spawn().await;
    let (_ada, tea) = app.ada_and_chat().await;
    let mut eve = app.create_user("eve").await.open_socket().await;
    for (uri, after) in
        [(&*tea, None), (&tea, Some(0)), (&tea, Some(99)), (UNKNOWN_URI, None), ("a b", None), ("", None)]
    {
        eve.subscribe(uri, after.map(Head::new), None).await;
        let rejection = eve.recv_rejection().await;
        let found = (rejection.client_id, rejection.chat_id, rejection.uri.as_deref());
        assert_eq!((found, rejection.problem.code), ((None, None, Some(uri)), ProblemCode::ChatNotFound));
    }
    for chat_id in [tea.id, UNKNOWN_ID] {
        eve.subscribe_by_id(chat_id, Some(Head::new(0)), None).await;
        let rejection = eve.recv_rejection().await;
        let expected = (Some(chat_id), ProblemCode::ChatNotFound);
        assert_eq!((rejection.chat_id, rejection.problem.code), expected);
    }
    let id = Uuid::new_v4();
    let mut problems = Vec::new();
    for chat_id in [tea.id, UNKNOWN_ID] {
        eve.post_message(chat_id, id, "tea?").await;
        let Rejection { client_id, chat_id: named, problem, .. } = eve.recv_rejection().await;
        assert_eq!((client_id, named, problem.code), (Some(id), Some(chat_id), ProblemCode::ChatNotFound));
        problems.push(problem);
    }
    assert_eq!(problems[0], problems[1]);
    assert_eq!(app.query_count("SELECT count(*) FROM messages").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn non_member_gets_no_frames() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let eve = app.create_user("eve").await;
    let coffee = eve.create_chat().await;
    ada.join(&coffee).await;
    let mut insider = ada.open_socket_in(&tea).await;
    let mut outsider = eve.open_socket_in(&coffee).await;
    outsider.subscribe(&tea, None, None).await;
    outsider.recv_rejection().await;
    ada.send_message(&tea, "secret").await;
    assert_eq!(insider.recv_changes().await.messages[0].message, "secret");
    // Changes arrive in order: the secret would come first.
    ada.send_message(&coffee, "public").await;
    let received = outsider.recv_text().await;
    assert!(received.contains("public") && !received.contains("secret"), "{received}");
}

#[tokio::test(flavor = "multi_thread")]
async fn new_member_gets_changes_and_history() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let eve = app.create_user("eve").await;
    ada.send_message(&tea, "before").await;
    let mut insider = ada.open_socket_in(&tea).await;
    let mut newcomer = eve.open_socket().await;
    newcomer.subscribe(&tea, None, None).await;
    newcomer.recv_rejection().await;
    eve.join(&tea).await;
    assert_eq!(insider.recv_changes().await.members[0].user.username, "eve");
    newcomer.expect_membership(tea.id, MembershipStatus::Member).await;
    newcomer.subscribe(&tea, None, None).await;
    assert_eq!(newcomer.recv_changes().await.head.get(), 3);
    ada.send_message(&tea, "after").await;
    assert_eq!(newcomer.recv_changes().await.messages[0].message, "after");
    let texts: Vec<_> = eve.history(&tea, "").await.messages.into_iter().map(|m| m.message).collect();
    assert_eq!(texts, ["before", "after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn unsubscribed_socket_gets_nothing() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    let mut listener = ada.open_socket_in(&tea).await;
    listener.subscribe(&coffee, None, None).await;
    listener.recv_changes().await;
    ada.send_message(&tea, "first").await;
    assert_eq!(listener.recv_changes().await.messages[0].message, "first");
    listener.unsubscribe(tea.id).await;
    // Frames are handled in order, so the unsubscription is done once this is answered.
    listener.post_message(coffee.id, Uuid::new_v4(), "fence").await;
    let (one, other) = (listener.recv_event().await, listener.recv_event().await);
    assert!(
        [&one, &other].iter().any(|frame| matches!(frame, ServerFrame::Posted { .. })),
        "{one:?} {other:?}"
    );
    ada.send_message(&tea, "second").await;
    ada.send_message(&coffee, "third").await;
    let received = listener.recv_changes().await;
    assert_eq!((received.chat_id, received.messages[0].message.as_str()), (coffee.id, "third"));
}
