//! Malformed, fragmented and oversized WebSocket frames.

use std::time::Duration;

use serde_json::json;
use shared::{
    id::{ChatId, Seq},
    problem::{FieldCode, ProblemCode},
    socket::{ServerFrame, close},
};
use tokio::{io::AsyncReadExt, time::timeout};
use uuid::Uuid;

use crate::support::{
    TEST_TIMEOUT, TestApp,
    raw_websocket::{CLOSE, CONTINUATION, FINAL_CONTINUATION, PING, PONG, TEXT, TEXT_START, frame, header},
};

fn post(chat_id: ChatId) -> Vec<u8> {
    json!({ "type": "post", "chat_id": chat_id, "client_id": Uuid::nil(), "message": "tea?" })
        .to_string()
        .into_bytes()
}

fn posted() -> ServerFrame {
    ServerFrame::Posted { client_id: Uuid::nil(), seq: Seq::new(2), revision: Seq::new(2) }
}

#[tokio::test(flavor = "multi_thread")]
async fn fragmented_message_allows_ping_between() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (mut socket, post) = (ada.open_raw_socket().await, post(tea.id));
    socket.send(&frame(TEXT_START, &post[..5])).await;
    socket.send(&frame(PING, b"between")).await;
    assert_eq!(socket.recv_raw().await, (PONG, b"between".to_vec()));
    socket.send(&frame(CONTINUATION, &post[5..40])).await;
    socket.send(&frame(CONTINUATION, b"")).await;
    socket.send(&frame(FINAL_CONTINUATION, &post[40..])).await;
    assert_eq!(socket.recv_event().await, posted());
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_are_limited_to_64_kib_together() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let part = vec![b' '; 16 * 1024];
    let mut socket = ada.open_raw_socket().await;
    for first in [TEXT_START, CONTINUATION, CONTINUATION, FINAL_CONTINUATION] {
        socket.send(&frame(first, &part)).await;
    }
    assert!(
        matches!(socket.recv_event().await, ServerFrame::Refused { .. }),
        "a complete message that is not JSON"
    );
    for first in [TEXT_START, CONTINUATION, CONTINUATION, CONTINUATION] {
        socket.send(&frame(first, &part)).await;
    }
    socket.send(&frame(CONTINUATION, b" ")).await;
    assert_eq!(socket.recv_close().await, close::MESSAGE_TOO_BIG);
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_client_is_disconnected() {
    let app = TestApp::spawn().await;
    let mut socket = app.create_user("ada").await.open_raw_socket().await;
    app.advance_clock(Duration::from_secs(76));
    let end = timeout(TEST_TIMEOUT, socket.stream.read_to_end(&mut Vec::new())).await;
    end.expect("the server hangs up").ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_fragments_close_as_too_big() {
    let app = TestApp::spawn().await;
    let mut socket = app.create_user("ada").await.open_raw_socket().await;
    socket.send(&frame(TEXT_START, b"t")).await;
    socket.send(&frame(CONTINUATION, b"0123456").repeat(10_000)).await;
    assert_eq!(socket.recv_close().await, close::MESSAGE_TOO_BIG);
}

#[tokio::test(flavor = "multi_thread")]
async fn oversized_frame_header_closes_at_once() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    for length in [64 * 1024 + 1, 1 << 40, u64::MAX] {
        let mut socket = ada.open_raw_socket().await;
        socket.send(&header(TEXT, 0x80, length)).await;
        assert_eq!(socket.recv_close().await, close::MESSAGE_TOO_BIG, "{length}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unmasked_frame_closes_socket() {
    let app = TestApp::spawn().await;
    let mut socket = app.create_user("ada").await.open_raw_socket().await;
    socket.send(&[&header(TEXT, 0, 2)[..], b"{}"].concat()).await;
    assert_eq!(socket.recv_close().await, close::POLICY_VIOLATION);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_utf8_is_rejected_and_socket_stays_open() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut socket = ada.open_raw_socket().await;
    let id = Uuid::nil();
    let in_text = [br#"{"type":"typing","chat_id":1,"x":"t"#, &b"\xff"[..], br#""}"#].concat();
    let in_unknown = [br#"{"type":"typing","x":""#, &b"\xc3\x28"[..], br#"","uri":"t"}"#].concat();
    let surrogate = [br#"{"type":"typing","uri":""#, &b"\xed\xa0\x80"[..], br#""}"#].concat();
    let in_name = [br#"{"type":"typing","uri":"t",""#, &b"\xfe"[..], br#"":1}"#].concat();
    for bytes in [&b"\xff"[..], &in_text, &in_unknown, &surrogate, &in_name] {
        socket.send(&frame(TEXT, bytes)).await;
        match socket.recv_event().await {
            ServerFrame::Refused { problem, .. } => assert_eq!(problem.code, ProblemCode::Malformed),
            other => panic!("{other:?}"),
        }
    }
    socket.send(&frame(TEXT, &post(tea.id))).await;
    assert_eq!(
        socket.recv_event().await,
        ServerFrame::Posted { client_id: id, seq: Seq::new(2), revision: Seq::new(2) }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_field_is_refused_as_in_http() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (mut socket, id) = (ada.open_raw_socket().await, Uuid::new_v4());
    let post = |client_id: &str| json!({ "type": "post", "chat_id": tea.id, "client_id": client_id });
    let negative = json!({ "type": "read", "chat_id": tea.id, "seq": -5 });
    let behind = json!({ "type": "subscribe", "uri": "tea", "after": -1 });
    let follow = json!({ "type": "follow", "epoch": id, "chats": [{ "chat_id": tea.id, "after": -1 }] });
    for (sent, field, code) in [
        (post("x"), "client_id", FieldCode::NotUuid),
        (post(&id.to_string()), "message", FieldCode::Blank),
        (negative, "seq", FieldCode::NotNumber),
        (behind, "after", FieldCode::NotNumber),
        (follow, "after", FieldCode::NotNumber),
    ] {
        socket.send(&frame(TEXT, sent.to_string().as_bytes())).await;
        let ServerFrame::Refused { client_id, chat_id, uri, problem } = socket.recv_event().await else {
            panic!("{sent} is not refused");
        };
        assert_eq!(problem.code, ProblemCode::Invalid, "{sent}");
        assert!(
            problem.errors.iter().any(|error| (error.field.as_str(), error.code) == (field, code)),
            "{problem:?}"
        );
        assert_eq!(uri.as_deref(), sent["uri"].as_str());
        assert_eq!(chat_id, uri.is_none().then_some(tea.id), "{sent}");
        assert_eq!(client_id, sent["client_id"].as_str().and_then(|id| id.parse().ok()), "{sent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn close_frame_is_answered_and_ends_socket() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    for body in [&b""[..], &[0x03, 0xe8], &[0x03, 0xe9, b'b', b'y', b'e']] {
        let mut socket = ada.open_raw_socket().await;
        // Frames after a close are ignored.
        socket.send(&[frame(CLOSE, body), frame(PING, b"?")].concat()).await;
        assert_eq!(socket.recv_close().await, close::NORMAL);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn partial_frame_delays_nobody() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut listener = ada.open_socket_in(&tea).await;
    let post = frame(TEXT, &post(tea.id));
    let mut halves = Vec::new();
    for cut in [1, 2, 3, 5, 7, post.len() - 1] {
        let mut socket = ada.open_raw_socket().await;
        socket.send(&post[..cut]).await;
        halves.push((socket, cut));
    }
    ada.send_message(&tea, "first").await;
    assert_eq!(listener.recv_changes().await.messages[0].message, "first");
    // The rest completes the frame; all are the same post.
    for (mut socket, cut) in halves {
        socket.send(&post[cut..]).await;
        assert_eq!(
            socket.recv_event().await,
            ServerFrame::Posted { client_id: Uuid::nil(), seq: Seq::new(3), revision: Seq::new(3) }
        );
    }
}
