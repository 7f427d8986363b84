//! Frames as no good client sends them.

use serde_json::json;
use shared::{
    problem::ProblemCode,
    socket::{ServerFrame, close},
};
use uuid::Uuid;

use crate::{
    app::TestApp,
    raw::{CLOSE, ENDS, GOES_ON, PING, PONG, TEXT, TEXT_BEGINS, frame, head},
};

fn post(uri: &str) -> Vec<u8> {
    json!({ "type": "post", "uri": uri, "client_id": Uuid::nil(), "message": "tea?" })
        .to_string()
        .into_bytes()
}

fn posted() -> ServerFrame {
    ServerFrame::Posted { client_id: Uuid::nil(), seq: 2, revision: 2 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_parts_is_heard_and_a_ping_between_them_answered() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (mut socket, post) = (ada.opens_raw().await, post(&tea));
    socket.sends(&frame(TEXT_BEGINS, &post[..5])).await;
    socket.sends(&frame(PING, b"between")).await;
    assert_eq!(socket.next().await, (PONG, b"between".to_vec()));
    socket.sends(&frame(GOES_ON, &post[5..40])).await;
    socket.sends(&frame(GOES_ON, b"")).await;
    socket.sends(&frame(ENDS, &post[40..])).await;
    assert_eq!(socket.hears().await, posted());
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_may_hold_64_kib_together_and_no_more() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let part = vec![b' '; 16 * 1024];
    let mut socket = ada.opens_raw().await;
    for first in [TEXT_BEGINS, GOES_ON, GOES_ON, ENDS] {
        socket.sends(&frame(first, &part)).await;
    }
    assert!(matches!(socket.hears().await, ServerFrame::Refused { .. }), "it is whole, but says nothing");
    for first in [TEXT_BEGINS, GOES_ON, GOES_ON, GOES_ON] {
        socket.sends(&frame(first, &part)).await;
    }
    socket.sends(&frame(GOES_ON, b" ")).await;
    assert_eq!(socket.is_closed_with().await, close::TOO_BIG);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_without_end_are_one_message_that_is_too_big() {
    let app = TestApp::start().await;
    let mut socket = app.person("ada").await.opens_raw().await;
    socket.sends(&frame(TEXT_BEGINS, b"t")).await;
    socket.sends(&frame(GOES_ON, b"0123456").repeat(10_000)).await;
    assert_eq!(socket.is_closed_with().await, close::TOO_BIG);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_declares_too_much_is_refused_before_it_comes() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for length in [64 * 1024 + 1, 1 << 40, u64::MAX] {
        let mut socket = ada.opens_raw().await;
        socket.sends(&head(TEXT, 0x80, length)).await;
        assert_eq!(socket.is_closed_with().await, close::TOO_BIG, "{length}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_is_not_masked_ends_the_socket() {
    let app = TestApp::start().await;
    let mut socket = app.person("ada").await.opens_raw().await;
    socket.sends(&[&head(TEXT, 0, 2)[..], b"{}"].concat()).await;
    assert_eq!(socket.is_closed_with().await, close::MISBEHAVED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_not_utf_8_is_refused_and_the_socket_lives() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut socket = ada.opens_raw().await;
    let id = Uuid::nil();
    let in_text = [br#"{"type":"typing","uri":"t"#, &b"\xff"[..], br#""}"#].concat();
    let in_unknown = [br#"{"type":"typing","x":""#, &b"\xc3\x28"[..], br#"","uri":"t"}"#].concat();
    let surrogate = [br#"{"type":"typing","uri":""#, &b"\xed\xa0\x80"[..], br#""}"#].concat();
    let in_name = [br#"{"type":"typing","uri":"t",""#, &b"\xfe"[..], br#"":1}"#].concat();
    for bytes in [&b"\xff"[..], &in_text, &in_unknown, &surrogate, &in_name] {
        socket.sends(&frame(TEXT, bytes)).await;
        match socket.hears().await {
            ServerFrame::Refused { problem, .. } => assert_eq!(problem.code, ProblemCode::Malformed),
            other => panic!("{other:?}"),
        }
    }
    socket.sends(&frame(TEXT, &post(&tea))).await;
    assert_eq!(socket.hears().await, ServerFrame::Posted { client_id: id, seq: 2, revision: 2 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_is_answered_by_a_close_and_the_end() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for body in [&b""[..], &[0x03, 0xe8], &[0x03, 0xe9, b'b', b'y', b'e']] {
        let mut socket = ada.opens_raw().await;
        // What is said after it is heard by nobody.
        socket.sends(&[frame(CLOSE, body), frame(PING, b"?")].concat()).await;
        assert_eq!(socket.is_closed_with().await, close::NORMAL);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_frame_costs_nobody_anything() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut listener = ada.listens_to(&tea).await;
    let post = frame(TEXT, &post(&tea));
    let mut halves = Vec::new();
    for cut in [1, 2, 3, 5, 7, post.len() - 1] {
        let mut socket = ada.opens_raw().await;
        socket.sends(&post[..cut]).await;
        halves.push((socket, cut));
    }
    ada.says(&tea, "first").await;
    assert_eq!(listener.hears_changes().await.messages[0].message, "first");
    // The other half is as good as ever, all of them being one post.
    for (mut socket, cut) in halves {
        socket.sends(&post[cut..]).await;
        assert_eq!(socket.hears().await, ServerFrame::Posted { client_id: Uuid::nil(), seq: 3, revision: 3 });
    }
}
