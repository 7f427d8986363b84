//! The newest page comes from a cache, and equals what the database holds.

use futures_util::future::join_all;
use serde_json::json;
use shared::message::MessagePage;
use uuid::Uuid;

use crate::support::{ApiResponse, TestApp, TestUser};

/// The newest page; asserts that cache and database agree for several limits.
async fn newest(user: &TestUser, uri: &str) -> MessagePage {
    for limit in [1, 3, 100] {
        let remembered = user.history(uri, &format!("?limit={limit}")).await;
        let stored = user.history(uri, &format!("?limit={limit}&before={}", i64::MAX)).await;
        assert_eq!(remembered, stored, "{limit}");
    }
    user.history(uri, "").await
}

fn names(page: &MessagePage) -> Vec<&str> {
    page.messages.iter().map(|message| message.user.username.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn cached_page_equals_stored_page() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut brian = app.create_user("brian").await;
    assert_eq!(newest(&ada, &tea).await.messages.len(), 0);
    ada.send_message(&tea, "by REST \"\\ \u{2028}").await;
    assert_eq!(newest(&ada, &tea).await.messages.len(), 1);
    brian.join(&tea).await;
    assert_eq!(newest(&ada, &tea).await.head.get(), 3, "joining raises the head");
    let mut listener = brian.open_socket().await;
    listener.post_message(tea.id, Uuid::new_v4(), "by socket 🫖").await;
    listener.recv_event().await;
    assert_eq!(newest(&brian, &tea).await.messages.len(), 2);
    brian.rename("bryan").await;
    assert_eq!(names(&newest(&ada, &tea).await), ["ada", "bryan"]);
    brian.send_message(&tea, "under a new name").await;
    assert_eq!(names(&newest(&ada, &tea).await), ["ada", "bryan", "bryan"]);
    brian.delete_account().await;
    assert_eq!(names(&newest(&ada, &tea).await), ["ada", "deleted account", "deleted account"]);
    ada.send_message(&tea, "and on").await;
    assert_eq!(newest(&ada, &tea).await.messages.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn matching_etag_returns_not_modified() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.send_messages(&tea, "tea?", 101).await;
    let ask = |query: &str, tag: &str| {
        ada.get(&format!("/api/chats/{tea}/messages/{query}")).header("if-none-match", tag)
    };
    let tag_of = |response: ApiResponse| response.assert_status(200).header("etag").to_owned();
    let tag = tag_of(ask("", "").await);
    for known in [tag.clone(), format!("\"other\", {tag}"), format!("W/{tag}")] {
        let same = ask("", &known).await.assert_status(304);
        assert_eq!((same.text.as_str(), same.header("etag")), ("", tag.as_str()), "{known}");
    }
    let shorter = tag_of(ask("?limit=10", &tag).await);
    assert_ne!(shorter, tag, "another page");
    ada.send_message(&tea, "news").await;
    assert_ne!(tag_of(ask("", &tag).await), tag);
}

#[tokio::test(flavor = "multi_thread")]
async fn author_reads_own_message_after_response() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut users = vec![ada];
    for number in 0..7 {
        let user = app.create_user(&format!("person{number}")).await;
        user.join(&tea).await;
        users.push(user);
    }
    join_all(users.iter().map(async |user| {
        for number in 0..20 {
            let text = format!("{number} of {}", user.name);
            let seq = user.send_message(&tea, &text).await.stored.seq;
            let page = user.history(&tea, "").await;
            assert!(page.head >= seq.as_head());
            assert!(page.messages.iter().any(|m| (m.seq, &m.message) == (seq, &text)), "{text}");
        }
    }))
    .await;
    assert_eq!(newest(&users[0], &tea).await.head.get(), 168);
}

#[tokio::test(flavor = "multi_thread")]
async fn page_of_large_messages_is_complete() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.send_messages(&tea, &"🫖".repeat(4_000), 110).await;
    for _ in 0..2 {
        let page = newest(&ada, &tea).await;
        let seqs: Vec<_> = page.messages.iter().map(|message| message.seq.get()).collect();
        assert_eq!((seqs, page.earlier), ((12..=111).collect(), true));
        ada.try_join(&tea).await.assert_status(200);
    }
    ada.send_message(&tea, "short").await;
    assert_eq!(newest(&ada, &tea).await.messages.len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn cache_notices_gap_from_foreign_writer() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.send_message(&tea, "one").await;
    newest(&ada, &tea).await;
    let other = format!(
        "WITH chat AS (UPDATE chats SET head = head + 1 WHERE uri = '{tea}' RETURNING id, head) \
         INSERT INTO messages (chat_id, user_id, client_id, message, seq, revision, created_at) \
         SELECT id, {}, '{}', 'two', head, head, now() FROM chat",
        ada.id,
        Uuid::new_v4()
    );
    app.sql().await.batch_execute(&other).await.unwrap();
    ada.send_message(&tea, "three").await;
    let page = newest(&ada, &tea).await;
    let posted: Vec<_> = page.messages.iter().map(|message| json!(message.message)).collect();
    assert_eq!(posted, ["one", "two", "three"], "the gap in the numbers is noticed");
}
