//! What is sent at most every few seconds, and floods of frames.

use std::time::Duration;

use backend::config::RateLimits;
use shared::{
    id::{ChatId, Head, Seq},
    problem::ProblemCode,
    socket::{ClientFrame, ServerFrame, close},
};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::support::{Rejection, TestApp, WsClient};

async fn spawn_limited() -> TestApp {
    TestApp::spawn_with(|config| config.limits.rate_limits = RateLimits::On).await
}

#[tokio::test(flavor = "multi_thread")]
async fn read_positions_are_sent_once_a_second() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    ada.send_messages(&tea, "tea?", 10).await;
    let eve = app.create_member("eve", &tea).await;
    let (mut hers, mut his) = (ada.open_socket_in(&tea).await, brian.open_socket_in(&tea).await);
    let mut following = eve.open_socket().await;
    following.follow(&app, &[(tea.id, Head::new(13))]).await;
    for seq in (3..=12).map(Seq::new) {
        his.mark_read(tea.id, seq).await;
    }
    let mut received = Vec::new();
    while received.last()
        != Some(&ServerFrame::Read { chat_id: tea.id, user_id: brian.id, seq: Seq::new(12) })
    {
        received.push(hers.recv_event().await);
    }
    assert!(received.len() <= 3, "{received:?}");
    assert_eq!(ada.mark_read(&tea, Seq::new(5)).await.get(), 5);
    let read = ServerFrame::Read { chat_id: tea.id, user_id: ada.id, seq: Seq::new(5) };
    assert_eq!(his.recv_event().await, read, "read positions set by REST too");
    assert!(following.recv_pending().await.is_empty(), "followers get no read positions");
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_is_throttled_until_next_message() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    let (mut typist, mut listener) = (ada.open_socket_in(&tea).await, brian.open_socket_in(&tea).await);
    for _ in 0..5 {
        typist.report_typing(tea.id).await;
    }
    typist.post_message(tea.id, Uuid::new_v4(), "tea?").await;
    // The acknowledgement and the change.
    typist.recv_event().await;
    typist.recv_event().await;
    typist.report_typing(tea.id).await;
    let typing = ServerFrame::Typing { chat_id: tea.id, user_id: ada.id };
    assert_eq!(listener.recv_event().await, typing);
    assert_eq!(listener.recv_changes().await.messages.len(), 1, "once for five reports");
    assert_eq!(listener.recv_event().await, typing, "a new message has begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn excess_frame_is_rejected_and_socket_stays_open() {
    let _serial = crate::serial().await;
    let app = spawn_limited().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut listener = ada.open_socket().await;
    send_typing(&mut listener, tea.id, 150).await;
    let id = Uuid::new_v4();
    listener.post_message(tea.id, id, "tea?").await;
    let problem = loop {
        let Rejection { client_id, chat_id, problem, .. } = listener.recv_rejection().await;
        assert_eq!((chat_id, problem.code), (Some(tea.id), ProblemCode::TooManyRequests));
        if client_id.is_some() {
            assert_eq!(client_id, Some(id));
            break problem;
        }
    };
    // After the retry time the post is accepted.
    app.advance_clock(Duration::from_secs(problem.retry_after.unwrap()));
    listener.post_message(tea.id, id, "tea?").await;
    assert_eq!(
        listener.recv_event().await,
        ServerFrame::Posted { client_id: id, seq: Seq::new(2), revision: Seq::new(2) }
    );
    assert_eq!(ada.history(&tea, "").await.messages.len(), 1, "the rejected post was not stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn burst_of_sixty_frames_is_allowed() {
    let _serial = crate::serial().await;
    let app = spawn_limited().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut listener = ada.open_socket().await;
    send_typing(&mut listener, tea.id, 58).await;
    listener.post_message(tea.id, Uuid::nil(), "tea?").await;
    assert!(matches!(listener.recv_event().await, ServerFrame::Posted { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn frame_flood_closes_only_its_socket() {
    let _serial = crate::serial().await;
    let app = spawn_limited().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut calm = ada.open_socket_in(&tea).await;
    let mut flooding = ada.open_socket().await;
    // Each frame waits for the response to the last, so that some are within the limit.
    let mut answered = 0;
    let code = loop {
        flooding.send(Message::text("{}")).await;
        match flooding.recv_text_or_close().await {
            Ok(_) => answered += 1,
            Err(code) => break code,
        }
        assert!(answered < 5_000, "the flood is not stopped");
    };
    assert_eq!(code, close::POLICY_VIOLATION);
    assert!(answered > 60 + 100, "a short burst is allowed: {answered}");
    ada.send_message(&tea, "calm").await;
    assert_eq!(calm.recv_changes().await.messages.len(), 1);
}

async fn send_typing(listener: &mut WsClient, chat_id: ChatId, times: usize) {
    for _ in 0..times {
        listener.send_frame(&ClientFrame::Typing { chat_id }).await;
    }
}
