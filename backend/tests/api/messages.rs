//! Posting messages.

use futures_util::future::join_all;
use serde_json::json;
use shared::{
    message::{MESSAGE_MAX, MessagePosted},
    problem::{FieldCode, ProblemCode},
};

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn posted_message_equals_stored_message() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    let posted = brian.send_message(&tea, "tea?").await;
    assert_eq!((posted.status.as_str(), &posted.uri, posted.stored.seq.get()), ("SUCCESS", &tea.uri, 3));
    assert_eq!(posted.stored.revision, posted.stored.seq);
    let mut read = ada.history(&tea, "").await.messages.remove(0);
    assert_eq!(read.user.email, "");
    read.user.email = brian.email;
    assert_eq!(read, posted.stored);
}

#[tokio::test(flavor = "multi_thread")]
async fn message_limit_counts_characters() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    for character in ["a", "é", "茶", "🫖"] {
        let longest = character.repeat(MESSAGE_MAX);
        assert_eq!(ada.send_message(&tea, &longest).await.stored.message, longest);
        let response = ada.try_send_message(&tea, &format!("{longest}{character}")).await;
        let words = "Ensure this field has no more than 4000 characters.";
        assert_eq!(response.value()["message"], json!([words]));
        assert_eq!(response.assert_problem(ProblemCode::Invalid).errors[0].code, FieldCode::TooLong);
    }
    let read = ada.history(&tea, "").await.messages;
    assert_eq!(read.iter().map(|message| message.message.chars().count()).collect::<Vec<_>>(), [4000; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn longest_message_fits_in_every_encoding() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let path = format!("/api/chats/{tea}/messages/");
    for character in ["a", "é", "茶", "🫖"] {
        let longest = character.repeat(MESSAGE_MAX);
        ada.post(&path).form(&[("message", &longest)]).await.assert_status(200);
        ada.post(&path).multipart(&[("message", &longest)]).await.assert_status(200);
        let body = format!(r#"{{"message":"{}"}}"#, escaped(&longest));
        let posted = ada.post(&path).body("application/json", body).await.assert_status(200);
        assert_eq!(posted.json::<MessagePosted>().stored.message, longest);
    }
}

/// JSON string content with every character escaped, as for plain ASCII.
fn escaped(text: &str) -> String {
    text.encode_utf16().fold(String::new(), |escaped, unit| format!("{escaped}\\u{unit:04x}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn message_text_is_stored_unchanged() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let texts = [
        "  tea?\n",
        "\ttea\r\n\r\n",
        "<b>tea</b> & \"co\"",
        "\u{202e}tea",
        "a\u{200b}",
        "'; DROP TABLE users; --",
    ];
    for text in texts {
        assert_eq!(ada.send_message(&tea, text).await.stored.message, text);
    }
    let read = ada.history(&tea, "").await.messages;
    assert_eq!(read.iter().map(|message| message.message.as_str()).collect::<Vec<_>>(), texts);
}

#[tokio::test(flavor = "multi_thread")]
async fn blank_message_is_rejected() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    for blank in ["", " ", "\n\t \r\n", "\u{a0}\u{2003}", "\u{200b}\u{feff}", "\u{1}\u{7f}"] {
        let response = ada.try_send_message(&tea, blank).await;
        assert_eq!(response.value()["message"], json!(["This field may not be blank."]), "{blank:?}");
        assert_eq!(response.assert_problem(ProblemCode::Invalid).errors[0].code, FieldCode::Blank);
    }
    assert_eq!(app.query_count("SELECT count(*) FROM messages").await, 0);
    assert_eq!(app.query_count("SELECT head FROM chats").await, 1, "no number is used");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_posts_leave_no_gap() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut users = vec![ada];
    for name in ["brian", "eve", "lena", "omar"] {
        let user = app.create_user(name).await;
        user.join(&tea).await;
        users.push(user);
    }
    let (users, tea) = (&users, &tea);
    let posts =
        (0..100).map(|n| async move { users[n % 5].send_message(tea, &format!("message {n}")).await });
    let mut seqs: Vec<_> = join_all(posts).await.iter().map(|posted| posted.stored.seq.get()).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (6..=105).collect::<Vec<_>>());
    assert_eq!(app.query_count("SELECT head FROM chats").await, 105);
    let read = users[1].history(tea, "").await;
    assert_eq!((read.head.get(), read.earlier), (105, false));
    assert_eq!(read.messages.iter().map(|message| message.seq.get()).collect::<Vec<_>>(), seqs);
}

#[tokio::test(flavor = "multi_thread")]
async fn sequence_numbers_are_per_chat() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let mut uris = Vec::new();
    for _ in 0..8 {
        uris.push(ada.create_chat().await);
    }
    let (ada, uris) = (&ada, &uris);
    join_all((0..80).map(|n| async move { ada.send_message(&uris[n % 8], "tea?").await })).await;
    for uri in uris {
        let seqs: Vec<_> =
            ada.history(uri, "").await.messages.iter().map(|message| message.seq.get()).collect();
        assert_eq!(seqs, (2..=11).collect::<Vec<_>>());
    }
}
