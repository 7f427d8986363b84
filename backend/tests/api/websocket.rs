//! Frames of a WebSocket, and how it ends.

use shared::{
    id::{Head, Seq},
    problem::{FieldCode, ProblemCode},
    socket::{ClientFrame, ServerFrame, close},
};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use uuid::Uuid;

use crate::support::{Rejection, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn post_is_acknowledged_and_pushed() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    let (mut author, mut hearer) = (ada.open_socket_in(&tea).await, brian.open_socket_in(&tea).await);
    let id = Uuid::new_v4();
    author.post_message(tea.id, id, "tea?").await;
    let received = hearer.recv_changes().await;
    assert_eq!(
        (received.chat_id, received.after.get(), received.head.get(), received.more),
        (tea.id, 2, 3, false)
    );
    let message = &received.messages[0];
    assert_eq!(
        (message.message.as_str(), message.user.username.as_str(), message.client_id),
        ("tea?", "ada", id)
    );
    assert_eq!(brian.changes(&tea, Head::new(2)).await, received, "a push equals the REST response");
    // The author may receive the two in either order.
    let frames = [author.recv_event().await, author.recv_event().await];
    assert!(
        frames.contains(&ServerFrame::Posted { client_id: id, seq: Seq::new(3), revision: Seq::new(3) }),
        "{frames:?}"
    );
    assert!(frames.contains(&ServerFrame::Changes(received)), "{frames:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn subscription_sends_changes_after_seq() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    for text in ["one", "two", "three"] {
        ada.send_message(&tea, text).await;
    }
    let epoch = ada.join(&tea).await.epoch;
    let mut listener = ada.open_socket().await;
    for (after, told) in [(None, 0), (Some(0), 3), (Some(2), 2), (Some(4), 0)] {
        listener.subscribe(&tea, after.map(Head::new), Some(epoch)).await;
        let changes = listener.recv_changes().await;
        assert_eq!((changes.head.get(), changes.messages.len()), (4, told), "{after:?}");
        assert_eq!(changes.after.get(), after.unwrap_or(4));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stale_cursor_resyncs_and_stays_subscribed() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut listener = ada.open_socket().await;
    for (head, after, epoch) in [(1, Some(99), None), (2, Some(1), Some(Uuid::new_v4()))] {
        listener.subscribe(&tea, after.map(Head::new), epoch).await;
        assert_eq!(listener.recv_event().await, ServerFrame::Resync { chat_id: tea.id });
        ada.send_message(&tea, "tea?").await;
        let changes = listener.recv_changes().await;
        assert_eq!((changes.after.get(), changes.head.get()), (head, head + 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn long_absence_is_sent_in_several_frames() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    for _ in 0..11 {
        futures_util::future::join_all((0..50).map(|_| ada.send_message(&tea, "tea?"))).await;
    }
    let mut listener = ada.open_socket().await;
    listener.subscribe(&tea, Some(Head::new(0)), None).await;
    let first = listener.recv_changes().await;
    assert!(first.more && first.head.get() < 551, "{}", first.head);
    let second = listener.recv_changes().await;
    assert_eq!((second.after, second.head.get(), second.more), (first.head, 551, false));
    assert_eq!(first.messages.len() + second.messages.len(), 550);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_socket_subscribes_to_several_chats() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    let mut listener = ada.open_socket_in(&tea).await;
    listener.subscribe(&coffee, None, None).await;
    listener.recv_changes().await;
    for chat in [&tea, &coffee, &tea] {
        ada.send_message(chat, "hello").await;
        assert_eq!(listener.recv_changes().await.chat_id, chat.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_post_is_rejected_with_its_client_id() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut listener = ada.open_socket().await;
    let too_long = "é".repeat(4_001);
    let bad = [(" ", FieldCode::Blank), ("a\0b", FieldCode::NullCharacter), (&too_long, FieldCode::TooLong)];
    for (message, code) in bad {
        let id = Uuid::new_v4();
        listener.post_message(tea.id, id, message).await;
        let Rejection { client_id, chat_id, problem, .. } = listener.recv_rejection().await;
        assert_eq!((client_id, chat_id), (Some(id), Some(tea.id)));
        assert_eq!((problem.code, problem.status, problem.errors[0].code), (ProblemCode::Invalid, 400, code));
    }
    let id = Uuid::new_v4();
    listener.post_message(tea.id, id, "tea?").await;
    assert_eq!(
        listener.recv_event().await,
        ServerFrame::Posted { client_id: id, seq: Seq::new(2), revision: Seq::new(2) }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_frame_is_rejected_and_socket_stays_open() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut listener = ada.open_socket().await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let (id, chat) = (Uuid::nil(), tea.id);
    let lone_surrogate =
        format!(r#"{{"type":"post","chat_id":{chat},"client_id":"{id}","message":"\ud800"}}"#);
    for text in [
        "",
        "tea",
        "{}",
        "[]",
        "null",
        r#"{"type":"dance"}"#,
        r#"{"type":"subscribe"}"#,
        &deep,
        &lone_surrogate,
    ] {
        listener.send(Message::text(text)).await;
        assert_eq!(listener.recv_rejection().await.problem.code, ProblemCode::Malformed, "{text:.50}");
    }
    listener.subscribe(&tea, None, None).await;
    assert_eq!(listener.recv_changes().await.head.get(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_frame_closes_socket() {
    let app = TestApp::spawn().await;
    let mut listener = app.create_user("ada").await.open_socket().await;
    listener.send(Message::binary(&b"{}"[..])).await;
    assert_eq!(listener.recv_close().await, close::POLICY_VIOLATION);
}

#[tokio::test(flavor = "multi_thread")]
async fn frame_over_64_kib_closes_socket() {
    let app = TestApp::spawn().await;
    let mut listener = app.create_user("ada").await.open_socket().await;
    listener.send(Message::text(" ".repeat(64 * 1024))).await;
    assert_eq!(listener.recv_rejection().await.problem.code, ProblemCode::Malformed);
    listener.send(Message::text(" ".repeat(64 * 1024 + 1))).await;
    assert_eq!(listener.recv_close().await, close::MESSAGE_TOO_BIG);
}

#[tokio::test(flavor = "multi_thread")]
async fn ping_is_answered() {
    let app = TestApp::spawn().await;
    let mut listener = app.create_user("ada").await.open_socket().await;
    listener.send(Message::Ping(Bytes::from_static(b"tea"))).await;
    listener.recv_pong(b"tea").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn socket_renewal_requires_own_valid_token() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    let mut listener = ada.open_socket().await;
    for (token, code) in [
        ("garbage".to_owned(), ProblemCode::InvalidToken),
        (app.sign_token(&ada, -10, |_| ()), ProblemCode::TokenExpired),
    ] {
        listener.send_frame(&ClientFrame::Renew { token }).await;
        assert_eq!(listener.recv_rejection().await.problem.code, code);
    }
    listener.subscribe(&tea, None, None).await;
    listener.recv_changes().await;
    listener.send_frame(&ClientFrame::Renew { token: brian.token }).await;
    assert_eq!(listener.recv_close().await, close::POLICY_VIOLATION);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_server_sends_goodbye_and_retry_time() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut listeners = [ada.open_socket_in(&tea).await, ada.open_socket().await];
    let everyone = async {
        for listener in &mut listeners {
            let ServerFrame::Goodbye { retry_after, .. } = listener.recv_event().await else {
                panic!("no goodbye")
            };
            assert!((1..=5).contains(&retry_after.unwrap()), "{retry_after:?}");
            assert_eq!(listener.recv_close().await, close::SERVICE_RESTART);
        }
    };
    futures_util::future::join(app.shut_down(), everyone).await;
    assert!(tokio::net::TcpStream::connect(&app.http.address).await.is_err(), "the port is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_account_socket_is_closed() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    let (mut ghost, mut other) = (brian.open_socket_in(&tea).await, ada.open_socket_in(&tea).await);
    brian.delete_account().await;
    assert_eq!(ghost.recv_close().await, close::ACCOUNT_DELETED);
    assert_eq!(other.recv_changes().await.members.len(), 1, "other sockets stay open and get the change");
}
