//! What is said over a socket, and how it ends.

use serde_json::json;
use shared::{
    problem::{FieldCode, ProblemCode},
    socket::{ClientFrame, ServerFrame, close},
};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use uuid::Uuid;

use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_answered_and_pushed_to_everyone_who_listens() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    let (mut speaker, mut hearer) = (ada.listens_to(&tea).await, brian.listens_to(&tea).await);
    let id = Uuid::new_v4();
    speaker.posts(&tea, id, "tea?").await;
    let heard = hearer.hears_changes().await;
    assert_eq!((heard.uri.as_str(), heard.after, heard.head, heard.more), (tea.as_str(), 2, 3, false));
    let message = &heard.messages[0];
    assert_eq!(
        (message.message.as_str(), message.user.username.as_str(), message.client_id),
        ("tea?", "ada", id)
    );
    assert_eq!(brian.changes(&tea, 2).await, heard, "a push is what the same question answers");
    // To the speaker the two may come in either order.
    let frames = [speaker.hears().await, speaker.hears().await];
    assert!(frames.contains(&ServerFrame::Posted { client_id: id, seq: 3, revision: 3 }), "{frames:?}");
    assert!(frames.contains(&ServerFrame::Changes(heard)), "{frames:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_tells_what_was_missed_after_a_number() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    for text in ["one", "two", "three"] {
        ada.says(&tea, text).await;
    }
    let epoch = ada.joins(&tea).await.epoch;
    let mut listener = ada.listens().await;
    for (after, told) in [(None, 0), (Some(0), 3), (Some(2), 2), (Some(4), 0)] {
        listener.subscribes(&tea, after, Some(epoch)).await;
        let changes = listener.hears_changes().await;
        assert_eq!((changes.head, changes.messages.len()), (4, told), "{after:?}");
        assert_eq!(changes.after, after.unwrap_or(4));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_does_not_fit_is_told_to_resync_and_hears_from_then_on() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut listener = ada.listens().await;
    for (head, after, epoch) in [(1, Some(99), None), (2, Some(1), Some(Uuid::new_v4()))] {
        listener.subscribes(&tea, after, epoch).await;
        assert_eq!(listener.hears().await, ServerFrame::Resync { uri: tea.clone() });
        ada.says(&tea, "tea?").await;
        let changes = listener.hears_changes().await;
        assert_eq!((changes.after, changes.head), (head, head + 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_absence_is_told_in_several_frames() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    for _ in 0..11 {
        futures_util::future::join_all((0..50).map(|_| ada.says(&tea, "tea?"))).await;
    }
    let mut listener = ada.listens().await;
    listener.subscribes(&tea, Some(0), None).await;
    let first = listener.hears_changes().await;
    assert!(first.more && first.head < 551, "{}", first.head);
    let second = listener.hears_changes().await;
    assert_eq!((second.after, second.head, second.more), (first.head, 551, false));
    assert_eq!(first.messages.len() + second.messages.len(), 550);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_socket_hears_several_chats() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let coffee = ada.starts().await;
    let mut listener = ada.listens_to(&tea).await;
    listener.subscribes(&coffee, None, None).await;
    listener.hears_changes().await;
    for uri in [&tea, &coffee, &tea] {
        ada.says(uri, "hello").await;
        assert_eq!(&listener.hears_changes().await.uri, uri);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_post_is_refused_by_its_id_and_the_socket_lives() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut listener = ada.listens().await;
    let too_long = "é".repeat(4_001);
    let bad = [(" ", FieldCode::Blank), ("a\0b", FieldCode::NullCharacter), (&too_long, FieldCode::TooLong)];
    for (message, code) in bad {
        let id = Uuid::new_v4();
        listener.posts(&tea, id, message).await;
        let (client_id, uri, problem) = listener.hears_refusal().await;
        assert_eq!((client_id, uri.as_deref()), (Some(id), Some(tea.as_str())));
        assert_eq!((problem.code, problem.status, problem.errors[0].code), (ProblemCode::Invalid, 400, code));
    }
    let id = Uuid::new_v4();
    listener.posts(&tea, id, "tea?").await;
    assert_eq!(listener.hears().await, ServerFrame::Posted { client_id: id, seq: 2, revision: 2 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_cannot_be_read_is_refused_and_the_socket_lives() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut listener = ada.listens().await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let lone = format!(r#"{{"type":"post","uri":"{tea}","client_id":"{}","message":"\ud800"}}"#, Uuid::nil());
    let no_id = json!({ "type": "post", "uri": tea, "message": "tea?" }).to_string();
    for text in [
        "",
        "tea",
        "{}",
        "[]",
        "null",
        r#"{"type":"dance"}"#,
        r#"{"type":"subscribe"}"#,
        &deep,
        &lone,
        &no_id,
    ] {
        listener.sends(Message::text(text)).await;
        assert_eq!(listener.hears_refusal().await.2.code, ProblemCode::Malformed, "{text:.50}");
    }
    listener.subscribes(&tea, None, None).await;
    assert_eq!(listener.hears_changes().await.head, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binary_frame_ends_the_socket() {
    let app = TestApp::start().await;
    let mut listener = app.person("ada").await.listens().await;
    listener.sends(Message::binary(&b"{}"[..])).await;
    assert_eq!(listener.is_closed_with().await, close::MISBEHAVED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_over_64_kib_ends_the_socket_and_one_of_64_kib_does_not() {
    let app = TestApp::start().await;
    let mut listener = app.person("ada").await.listens().await;
    listener.sends(Message::text(" ".repeat(64 * 1024))).await;
    assert_eq!(listener.hears_refusal().await.2.code, ProblemCode::Malformed);
    listener.sends(Message::text(" ".repeat(64 * 1024 + 1))).await;
    assert_eq!(listener.is_closed_with().await, close::TOO_BIG);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_is_answered() {
    let app = TestApp::start().await;
    let mut listener = app.person("ada").await.listens().await;
    listener.sends(Message::Ping(Bytes::from_static(b"tea"))).await;
    listener.hears_pong(b"tea").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_ends_with_its_token_unless_it_is_renewed() {
    let app = TestApp::start().await;
    let (mut ada, tea) = app.tea().await;
    let fresh = ada.token.clone();
    ada.token = app.token_of(&ada, 2, |_| ());
    let (mut idle, mut renewed) = (ada.listens().await, ada.listens().await);
    renewed.says(&ClientFrame::Renew { token: fresh }).await;
    assert_eq!(idle.is_closed_with().await, close::TOKEN_ENDED);
    renewed.subscribes(&tea, None, None).await;
    assert_eq!(renewed.hears_changes().await.uri, tea);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_good_token_of_the_same_person_renews() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    let mut listener = ada.listens().await;
    for (token, code) in [
        ("garbage".to_owned(), ProblemCode::BadToken),
        (app.token_of(&ada, -10, |_| ()), ProblemCode::TokenExpired),
    ] {
        listener.says(&ClientFrame::Renew { token }).await;
        assert_eq!(listener.hears_refusal().await.2.code, code);
    }
    listener.subscribes(&tea, None, None).await;
    listener.hears_changes().await;
    listener.says(&ClientFrame::Renew { token: brian.token }).await;
    assert_eq!(listener.is_closed_with().await, close::MISBEHAVED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_says_goodbye_and_when_to_come_back() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut listeners = [ada.listens_to(&tea).await, ada.listens().await];
    let everyone = async {
        for listener in &mut listeners {
            let ServerFrame::Goodbye { retry_after, .. } = listener.hears().await else {
                panic!("no goodbye")
            };
            assert!((1..=5).contains(&retry_after.unwrap()), "{retry_after:?}");
            assert_eq!(listener.is_closed_with().await, close::RESTARTING);
        }
    };
    futures_util::future::join(app.stop(), everyone).await;
    assert!(tokio::net::TcpStream::connect(&app.web.address).await.is_err(), "nobody listens any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_deleted_their_account_hears_nothing_more() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    let (mut ghost, mut other) = (brian.listens_to(&tea).await, ada.listens_to(&tea).await);
    brian.leaves_for_good().await;
    assert_eq!(ghost.is_closed_with().await, close::REMOVED);
    assert_eq!(other.hears_changes().await.members.len(), 1, "the others stay, and are told");
}
