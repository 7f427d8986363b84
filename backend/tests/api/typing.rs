//! Typing notifications.

use shared::{
    id::{ChatId, Head, UserId},
    socket::{ClientFrame, ServerFrame},
};

use crate::support::TestApp;

fn typing(chat_id: ChatId, user_id: UserId) -> ServerFrame {
    ServerFrame::Typing { chat_id, user_id }
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_reaches_others_but_not_the_typist() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    let (mut one, mut other) = (ada.open_socket_in(&tea).await, brian.open_socket_in(&tea).await);
    one.report_typing(tea.id).await;
    assert_eq!(other.recv_event().await, typing(tea.id, ada.id));
    other.report_typing(tea.id).await;
    assert_eq!(one.recv_event().await, typing(tea.id, brian.id), "and not the own typing before");
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_requires_subscription() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    let (brian, eve) = (app.create_user("brian").await, app.create_user("eve").await);
    brian.join(&tea).await;
    let mut listener = ada.open_socket_in(&tea).await;
    let mut outsider = eve.open_socket().await;
    outsider.subscribe(&tea, None, None).await;
    outsider.recv_rejection().await;
    outsider.report_typing(tea.id).await;
    let mut elsewhere = ada.open_socket_in(&coffee).await;
    elsewhere.report_typing(tea.id).await;
    let mut member = brian.open_socket().await;
    member.report_typing(tea.id).await;
    member.subscribe(&tea, None, None).await;
    member.recv_changes().await;
    member.report_typing(tea.id).await;
    assert_eq!(listener.recv_event().await, typing(tea.id, brian.id));
    member.send_frame(&ClientFrame::Unsubscribe { chat_id: tea.id }).await;
    member.report_typing(tea.id).await;
    brian.send_message(&tea, "tea?").await;
    assert_eq!(listener.recv_changes().await.messages.len(), 1, "no other typing was passed on");
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_does_not_change_head() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (mut one, mut other) = (ada.open_socket_in(&tea).await, ada.open_socket_in(&tea).await);
    one.report_typing(tea.id).await;
    assert_eq!(other.recv_event().await, typing(tea.id, ada.id), "other connections of the typist get it");
    assert_eq!(ada.changes(&tea, Head::new(1)).await.head.get(), 1);
    ada.send_message(&tea, "tea?").await;
    let changes = other.recv_changes().await;
    assert_eq!((changes.after.get(), changes.head.get()), (1, 2));
}
