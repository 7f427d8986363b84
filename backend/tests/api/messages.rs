//! Saying something.

use futures_util::future::join_all;
use serde_json::json;
use shared::{
    message::{MESSAGE_MAX, Posted},
    problem::{FieldCode, ProblemCode},
};

use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_read_as_it_was_answered() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    let posted = brian.says(&tea, "tea?").await;
    assert_eq!((posted.status.as_str(), &posted.uri, posted.stored.seq), ("SUCCESS", &tea, 3));
    assert_eq!(posted.stored.revision, posted.stored.seq);
    let mut read = ada.history(&tea, "").await.messages.remove(0);
    assert_eq!(read.user.email, "");
    read.user.email = brian.email;
    assert_eq!(read, posted.stored);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_may_have_4000_characters_of_any_size() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    for character in ["a", "é", "茶", "🫖"] {
        let longest = character.repeat(MESSAGE_MAX);
        assert_eq!(ada.says(&tea, &longest).await.stored.message, longest);
        let answer = ada.say(&tea, &format!("{longest}{character}")).await;
        let words = "Ensure this field has no more than 4000 characters.";
        assert_eq!(answer.value()["message"], json!([words]));
        assert_eq!(answer.refused(ProblemCode::Invalid).errors[0].code, FieldCode::TooLong);
    }
    let read = ada.history(&tea, "").await.messages;
    assert_eq!(read.iter().map(|message| message.message.chars().count()).collect::<Vec<_>>(), [4000; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_message_fits_in_every_encoding() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let path = format!("/api/chats/{tea}/messages/");
    for character in ["a", "é", "茶", "🫖"] {
        let longest = character.repeat(MESSAGE_MAX);
        ada.post(&path).form(&[("message", &longest)]).await.is(200);
        ada.post(&path).multipart(&[("message", &longest)]).await.is(200);
        let body = format!(r#"{{"message":"{}"}}"#, escaped(&longest));
        let posted = ada.post(&path).body("application/json", body).await.is(200);
        assert_eq!(posted.read::<Posted>().stored.message, longest);
    }
}

/// As programs write JSON that is to be plain ASCII.
fn escaped(text: &str) -> String {
    text.encode_utf16().fold(String::new(), |escaped, unit| format!("{escaped}\\u{unit:04x}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_trimmed_and_nothing_is_taken_for_markup() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let texts = [
        "  tea?\n",
        "\ttea\r\n\r\n",
        "<b>tea</b> & \"co\"",
        "\u{202e}tea",
        "a\u{200b}",
        "'; DROP TABLE users; --",
    ];
    for text in texts {
        assert_eq!(ada.says(&tea, text).await.stored.message, text);
    }
    let read = ada.history(&tea, "").await.messages;
    assert_eq!(read.iter().map(|message| message.message.as_str()).collect::<Vec<_>>(), texts);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_shows_nothing_is_refused() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    for blank in ["", " ", "\n\t \r\n", "\u{a0}\u{2003}", "\u{200b}\u{feff}", "\u{1}\u{7f}"] {
        let answer = ada.say(&tea, blank).await;
        assert_eq!(answer.value()["message"], json!(["This field may not be blank."]), "{blank:?}");
        assert_eq!(answer.refused(ProblemCode::Invalid).errors[0].code, FieldCode::Blank);
    }
    assert_eq!(app.count("SELECT count(*) FROM messages").await, 0);
    assert_eq!(app.count("SELECT head FROM chats").await, 1, "nothing was numbered");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_speak_at_once_get_numbers_without_gaps() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut people = vec![ada];
    for name in ["brian", "eve", "lena", "omar"] {
        let person = app.person(name).await;
        person.joins(&tea).await;
        people.push(person);
    }
    let (people, tea) = (&people, &tea);
    let says = (0..100).map(|n| async move { people[n % 5].says(tea, &format!("message {n}")).await });
    let mut seqs: Vec<_> = join_all(says).await.iter().map(|posted| posted.stored.seq).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (6..=105).collect::<Vec<_>>());
    assert_eq!(app.count("SELECT head FROM chats").await, 105);
    let read = people[1].history(tea, "").await;
    assert_eq!((read.head, read.earlier), (105, false));
    assert_eq!(read.messages.iter().map(|message| message.seq).collect::<Vec<_>>(), seqs);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_chat_counts_for_itself() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let mut uris = Vec::new();
    for _ in 0..8 {
        uris.push(ada.starts().await);
    }
    let (ada, uris) = (&ada, &uris);
    join_all((0..80).map(|n| async move { ada.says(&uris[n % 8], "tea?").await })).await;
    for uri in uris {
        let seqs: Vec<_> = ada.history(uri, "").await.messages.iter().map(|message| message.seq).collect();
        assert_eq!(seqs, (2..=11).collect::<Vec<_>>());
    }
}
