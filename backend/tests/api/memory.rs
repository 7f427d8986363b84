//! The newest page comes from memory, and is what the database would say.

use futures_util::future::join_all;
use serde_json::json;
use shared::message::History;
use uuid::Uuid;

use crate::app::{Answer, Person, TestApp};

/// The newest page, as memory and the database both have it.
async fn newest(person: &Person, uri: &str) -> History {
    for limit in [1, 3, 100] {
        let remembered = person.history(uri, &format!("?limit={limit}")).await;
        let stored = person.history(uri, &format!("?limit={limit}&before={}", i64::MAX)).await;
        assert_eq!(remembered, stored, "{limit}");
    }
    person.history(uri, "").await
}

fn names(page: &History) -> Vec<&str> {
    page.messages.iter().map(|message| message.user.username.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_the_page_in_memory_is_the_stored_one() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut brian = app.person("brian").await;
    assert_eq!(newest(&ada, &tea).await.messages.len(), 0);
    ada.says(&tea, "by REST \"\\ \u{2028}").await;
    assert_eq!(newest(&ada, &tea).await.messages.len(), 1);
    brian.joins(&tea).await;
    assert_eq!(newest(&ada, &tea).await.head, 3, "a join counts");
    let mut listener = brian.listens().await;
    listener.posts(&tea, Uuid::new_v4(), "by socket 🫖").await;
    listener.hears().await;
    assert_eq!(newest(&brian, &tea).await.messages.len(), 2);
    brian.renames_to("bryan").await;
    assert_eq!(names(&newest(&ada, &tea).await), ["ada", "bryan"]);
    brian.says(&tea, "under a new name").await;
    assert_eq!(names(&newest(&ada, &tea).await), ["ada", "bryan", "bryan"]);
    brian.leaves_for_good().await;
    assert_eq!(names(&newest(&ada, &tea).await), ["ada", "deleted account", "deleted account"]);
    ada.says(&tea, "and on").await;
    assert_eq!(newest(&ada, &tea).await.messages.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_known_already_is_not_sent_again() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    ada.says_often(&tea, "tea?", 101).await;
    let ask = |query: &str, tag: &str| {
        ada.get(&format!("/api/chats/{tea}/messages/{query}")).header("if-none-match", tag)
    };
    let tag_of = |answer: Answer| answer.is(200).header("etag").to_owned();
    let tag = tag_of(ask("", "").await);
    for known in [tag.clone(), format!("\"other\", {tag}"), format!("W/{tag}")] {
        let same = ask("", &known).await.is(304);
        assert_eq!((same.text.as_str(), same.header("etag")), ("", tag.as_str()), "{known}");
    }
    let shorter = tag_of(ask("?limit=10", &tag).await);
    assert_ne!(shorter, tag, "another page");
    ada.says(&tea, "news").await;
    assert_ne!(tag_of(ask("", &tag).await), tag);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_answered_reads_what_they_wrote() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut people = vec![ada];
    for number in 0..7 {
        let person = app.person(&format!("person{number}")).await;
        person.joins(&tea).await;
        people.push(person);
    }
    join_all(people.iter().map(async |person| {
        for number in 0..20 {
            let text = format!("{number} of {}", person.name);
            let seq = person.says(&tea, &text).await.stored.seq;
            let page = person.history(&tea, "").await;
            assert!(page.head >= seq);
            assert!(page.messages.iter().any(|m| (m.seq, &m.message) == (seq, &text)), "{text}");
        }
    }))
    .await;
    assert_eq!(newest(&people[0], &tea).await.head, 168);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_large_messages_is_as_long_as_was_asked_for() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    ada.says_often(&tea, &"🫖".repeat(4_000), 110).await;
    for _ in 0..2 {
        let page = newest(&ada, &tea).await;
        let seqs: Vec<_> = page.messages.iter().map(|message| message.seq).collect();
        assert_eq!((seqs, page.earlier), ((12..=111).collect(), true));
        ada.join(&tea).await.is(200);
    }
    ada.says(&tea, "short").await;
    assert_eq!(newest(&ada, &tea).await.messages.len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_program_stores_is_read_once_the_page_is_read_anew() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    ada.says(&tea, "one").await;
    newest(&ada, &tea).await;
    let other = format!(
        "WITH chat AS (UPDATE chats SET head = head + 1 WHERE uri = '{tea}' RETURNING id, head) \
         INSERT INTO messages (chat_id, user_id, client_id, message, seq, revision, created_at) \
         SELECT id, {}, '{}', 'two', head, head, now() FROM chat",
        ada.id,
        Uuid::new_v4()
    );
    app.sql().await.batch_execute(&other).await.unwrap();
    ada.says(&tea, "three").await;
    let page = newest(&ada, &tea).await;
    let said: Vec<_> = page.messages.iter().map(|message| json!(message.message)).collect();
    assert_eq!(said, ["one", "two", "three"], "a gap in the numbers is noticed");
}
