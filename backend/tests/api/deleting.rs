//! Deleting messages.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{
    event::{Event, Person as Who},
    member::Role,
    message::Posted,
    problem::ProblemCode,
    timeline::Heard,
};
use uuid::Uuid;

use crate::{
    app::{Call, Person, TestApp},
    keeping::events,
};

fn lately(person: &Person, uri: &str, query: &str) -> Call {
    person.call(&Method::DELETE, &format!("/api/chats/{uri}/messages/?{query}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_deleted_message_a_tombstone_is_left_everywhere() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    let seq = brian.says(&tea, "my secret").await.stored.seq;
    ada.says(&tea, "oh").await;
    let mut away = ada.opens(&tea).await;
    let mut listener = ada.listens_to(&tea).await;
    assert!(ada.history(&tea, "").await.messages.iter().any(|said| said.message == "my secret"));
    brian.delete_message(&tea, seq).await.is(204);
    let heard = listener.hears_changes().await;
    assert_eq!((heard.head - heard.after, heard.messages.len()), (1, 1));
    let left = &heard.messages[0];
    assert_eq!((left.seq, left.revision, left.message.as_str(), left.deleted), (seq, 5, "", true));
    // The page in memory knows it as well.
    for query in ["", "?before=100", "?after=1"] {
        let page = ada.get(&format!("/api/chats/{tea}/messages/{query}")).await.is(200);
        assert!(!page.text.contains("my secret") && page.text.contains(r#""deleted":true"#), "{page:?}");
    }
    assert_eq!(away.hear(ada.changes(&tea, away.head()).await), Heard::Applied);
    assert_eq!(away, ada.opens(&tea).await);
    assert_eq!(app.count("SELECT count(*) FROM messages WHERE message = 'my secret'").await, 0);
    brian.delete_message(&tea, seq).await.is(204);
    listener.is_heard().await;
    assert!(ada.audit(&tea).await.is_empty(), "what is one's own is one's own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_sent_again_after_it_was_deleted_is_known_and_stays_deleted() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let post = json!({ "message": "tea?", "client_id": Uuid::new_v4() });
    let post = || ada.post(&format!("/api/chats/{tea}/messages/")).json(&post);
    let first: Posted = post().await.is(200).read();
    ada.delete_message(&tea, first.stored.seq).await.is(204);
    let again: Posted = post().await.is(200).read();
    assert_eq!(
        (again.stored.id, again.stored.message.as_str(), again.stored.deleted),
        (first.stored.id, "", true)
    );
    assert_eq!(app.count("SELECT head FROM chats").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn keepers_delete_what_anybody_said_and_that_is_noted() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, eve) = (app.joiner("brian", &tea).await, app.joiner("eve", &tea).await);
    ada.give_role(&tea, &brian, Role::Moderator).await.is(200);
    let line = ada.history(&tea, "").await.messages[0].seq;
    let by = |said: Posted| said.stored.seq;
    let (of_ada, of_eve) = (by(ada.says(&tea, "mine").await), by(eve.says(&tea, "hers").await));
    eve.delete_message(&tea, of_ada).await.refused(ProblemCode::Forbidden);
    app.person("fay").await.delete_message(&tea, of_eve).await.refused(ProblemCode::ChatNotFound);
    for seq in [of_ada, of_eve] {
        brian.delete_message(&tea, seq).await.is(204);
        brian.delete_message(&tea, seq).await.is(204);
    }
    let who = |person: &Person| Who { id: person.id, name: person.name.clone() };
    let noted = ada.audit(&tea).await;
    let expected = [
        (brian.id, Event::MessageDeleted { who: who(&eve), seq: of_eve }),
        (brian.id, Event::MessageDeleted { who: who(&ada), seq: of_ada }),
    ];
    assert_eq!(noted[..2], expected);
    assert_eq!(noted.len(), 3);
    for keeper in [&ada, &brian] {
        keeper.delete_message(&tea, line).await.refused(ProblemCode::Conflict);
    }
    for seq in ["1", "999", "x", "-1"] {
        let nothing = ada.call(&Method::DELETE, &format!("/api/chats/{tea}/messages/{seq}/"));
        nothing.await.refused(ProblemCode::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_delete_a_message_at_once_one_numbers_it() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    let seq = brian.says(&tea, "tea?").await.stored.seq;
    join_all((0..20).map(|_| async { ada.delete_message(&tea, seq).await.is(204) })).await;
    assert_eq!(app.count("SELECT head FROM chats").await, 4);
    assert_eq!(ada.audit(&tea).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_wrote_lately_is_deleted_at_once() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, eve) = (app.joiner("brian", &tea).await, app.joiner("eve", &tea).await);
    let old = brian.says(&tea, "long ago").await.stored.seq;
    app.sql()
        .await
        .execute("UPDATE messages SET created_at = now() - interval '11 minutes'", &[])
        .await
        .unwrap();
    for _ in 0..3 {
        brian.says(&tea, "spam").await;
    }
    eve.says(&tea, "hello").await;
    let mut listener = eve.listens_to(&tea).await;
    let query = format!("user={}&minutes=10", brian.id);
    for nobody in [&brian, &eve] {
        lately(nobody, &tea, &query).await.refused(ProblemCode::Forbidden);
    }
    assert_eq!(lately(&ada, &tea, &query).await.is(200).value(), json!({ "count": 3 }));
    let heard = listener.hears_changes().await;
    let numbers: Vec<_> = heard.messages.iter().map(|m| (m.revision - heard.after, m.deleted)).collect();
    assert_eq!(numbers, [(1, true), (2, true), (3, true), (4, false)]);
    let who = Who { id: brian.id, name: "brian".into() };
    let event = Event::MessagesDeleted { who, count: 3 };
    assert_eq!(events(&heard), [(ada.id, event.clone())]);
    assert_eq!(ada.audit(&tea).await, [(ada.id, event)]);
    let left = ada.history(&tea, "").await.messages;
    let said: Vec<_> = left.iter().filter(|m| !m.message.is_empty()).map(|m| m.message.as_str()).collect();
    assert_eq!((said, left[0].seq), (vec!["long ago", "hello"], old));
    assert_eq!(lately(&ada, &tea, &query).await.is(200).value(), json!({ "count": 0 }));
    listener.is_heard().await;
    for wrong in ["", "user=1", "minutes=5", "user=x&minutes=5", "user=1&minutes=0", "user=1&minutes=1441"] {
        lately(&ada, &tea, wrong).await.refused(ProblemCode::Invalid);
    }
    lately(&ada, &tea, "user=999&minutes=5").await.refused(ProblemCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_deletes_the_newest_thousand_and_who_listens_misses_none() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    brian.says_often(&tea, "spam", 1_100).await;
    let mut stays = ada.opens(&tea).await;
    let mut listener = ada.listens_to(&tea).await;
    let query = format!("user={}&minutes=1440", brian.id);
    assert_eq!(lately(&ada, &tea, &query).await.is(200).value(), json!({ "count": 1_000 }));
    let head = app.count("SELECT head FROM chats").await;
    assert_eq!(head, 2 + 1_100 + 1_000 + 1);
    while stays.head() < head {
        assert_ne!(stays.hear(listener.hears_changes().await), Heard::Missed);
    }
    assert_eq!(stays, {
        let mut fresh = ada.opens(&tea).await;
        // The stretch that stayed open holds the line as well as the page from before.
        while fresh.messages().len() < stays.messages().len() {
            let oldest = fresh.oldest().unwrap();
            let page = ada.history(&tea, &format!("?before={oldest}&limit=1")).await;
            assert!(!fresh.extend_back(page), "nothing happens meanwhile");
        }
        fresh
    });
    assert_eq!(app.count("SELECT min(seq) FROM messages WHERE deleted_at IS NOT NULL").await, 103);
    assert_eq!(lately(&ada, &tea, &query).await.is(200).value(), json!({ "count": 100 }));
}
