//! How chats and messages come to their end.

use backend::lifetime;
use futures_util::future::join_all;
use serde_json::json;
use shared::{
    event::Event,
    message::Message,
    problem::ProblemCode,
    socket::ServerFrame,
    timeline::{Heard, Timeline},
};
use uuid::Uuid;

use crate::app::{Person, TestApp};

fn texts<'a>(messages: impl Iterator<Item = &'a Message>) -> Vec<&'a str> {
    messages.filter(|said| said.event.is_none()).map(|said| said.message.as_str()).collect()
}

async fn catches_up(person: &Person, uri: &str, timeline: &mut Timeline) {
    loop {
        let changes = person.changes(uri, timeline.head()).await;
        let more = changes.more;
        assert_ne!(timeline.hear(changes), Heard::Missed);
        if !more {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_is_deleted_is_gone_for_everyone_at_once() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    let coffee = ada.starts().await;
    brian.joins(&coffee).await;
    ada.set(&tea, &json!({ "name": "Tea" })).await.is(200);
    brian.says(&tea, "tea?").await;
    brian.end(&tea).await.refused(ProblemCode::Forbidden);
    let (mut of_brian, mut of_ada) = (brian.listens_to(&tea).await, ada.listens_to(&tea).await);
    of_brian.subscribes(&coffee, None, None).await;
    of_brian.hears_changes().await;
    let mut stream = brian.follows(&tea).await;
    ada.end(&tea).await.is(204);
    assert_eq!(of_brian.hears_end().await, tea);
    assert_eq!(of_ada.hears_end().await, tea);
    let last = stream.next().await.expect("a last word");
    assert_eq!(last.name, "gone", "{last:?}");
    assert!(matches!(serde_json::from_str(&last.data).unwrap(), ServerFrame::Gone { uri } if uri == tea));
    assert!(stream.next().await.is_none());
    of_brian.posts(&tea, Uuid::new_v4(), "still here?").await;
    assert_eq!(of_brian.hears_refusal().await.2.code, ProblemCode::ChatEnded);
    of_brian.subscribes(&tea, None, None).await;
    assert_eq!(of_brian.hears_refusal().await.2.code, ProblemCode::ChatEnded);
    // Other chats go on.
    ada.says(&coffee, "coffee?").await;
    assert_eq!(of_brian.hears_changes().await.uri, coffee);
    for person in [&ada, &brian, &app.person("eve").await] {
        let calls = [
            person.say(&tea, "still here?"),
            person.join(&tea),
            person.follow(&tea),
            person.get(&format!("/api/chats/{tea}/messages/")),
            person.get(&format!("/api/chats/{tea}/changes/")),
            person.set(&tea, &json!({ "name": "Tea" })),
            person.leave(&tea),
            person.end(&tea),
        ];
        for call in calls {
            call.await.refused(ProblemCode::ChatEnded);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_deleted_chat_only_the_audit_is_left() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    ada.set(&tea, &json!({ "name": "Tea", "topic": "green" })).await.is(200);
    brian.says_often(&tea, "tea?", 1_100).await;
    let sql = app.sql().await;
    sql.batch_execute(&format!(
        "INSERT INTO former_uris (uri, chat_id) SELECT 'oldtea', id FROM chats; \
         INSERT INTO links (chat_id, secret_hash, label, role, created_by) \
           SELECT id, 'x', '', 'writer', {ada} FROM chats; \
         UPDATE members SET link_id = (SELECT id FROM links) WHERE user_id = {brian}",
        ada = ada.id,
        brian = brian.id,
    ))
    .await
    .unwrap();
    ada.end(&tea).await.is(204);
    lifetime::round(&app.app).await.unwrap();
    for table in ["messages", "members", "links", "former_uris"] {
        assert_eq!(app.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    let blank =
        "SELECT count(*) FROM chats WHERE deleted_at IS NOT NULL AND emptied AND name = '' AND topic = ''";
    assert_eq!(app.count(blank).await, 1);
    let deleted = "SELECT user_id FROM audit WHERE act ->> 'kind' = 'deleted'";
    assert_eq!(app.count(deleted).await, ada.id);
    assert_eq!(app.count("SELECT count(*) FROM audit").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_on_their_way_into_a_chat_that_ends_are_stored_before_or_refused() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    let posts = join_all((0..40).map(|_| async { brian.say(&tea, "quick").await.status }));
    let (posts, _) = tokio::join!(posts, async { ada.end(&tea).await.is(204) });
    assert!(posts.iter().all(|status| [200, 410].contains(status)), "{posts:?}");
    let stored = posts.iter().filter(|status| **status == 200).count();
    assert_eq!(app.count("SELECT head FROM chats").await, 2 + i64::try_from(stored).unwrap());
    lifetime::round(&app.app).await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM messages").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_delete_a_chat_at_once_one_does() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let ends = join_all((0..20).map(|_| async { ada.end(&tea).await.status })).await;
    assert_eq!(ends.iter().filter(|status| **status == 204).count(), 1, "{ends:?}");
    assert_eq!(ends.iter().filter(|status| **status == 410).count(), 19, "{ends:?}");
    assert_eq!(app.count("SELECT count(*) FROM audit").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_whose_time_is_over_ends_by_itself() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let coffee = ada.starts().await;
    for uri in [&tea, &coffee] {
        ada.set(uri, &json!({ "expires_in": 3_600 })).await.is(200);
    }
    let mut listener = ada.listens_to(&tea).await;
    let past = "UPDATE chats SET expires_at = now() - interval '1 second' WHERE uri = $1";
    app.sql().await.execute(past, &[&tea]).await.unwrap();
    lifetime::round(&app.app).await.unwrap();
    assert_eq!(listener.hears_end().await, tea);
    ada.say(&tea, "still here?").await.refused(ProblemCode::ChatEnded);
    ada.says(&coffee, "still here").await;
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE user_id IS NULL").await, 1);
    lifetime::round(&app.app).await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM chats WHERE deleted_at IS NOT NULL AND emptied").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_messages_vanish_for_who_stayed_who_was_away_and_who_comes() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    ada.set(&tea, &json!({ "retention_days": 7 })).await.is(200);
    let mut last = 0;
    for text in ["one", "two", "three", "four"] {
        last = ada.says(&tea, text).await.stored.seq;
    }
    let (mut stays, mut away) = (ada.opens(&tea).await, ada.opens(&tea).await);
    let mut listener = ada.listens_to(&tea).await;
    let gone = "UPDATE messages SET created_at = now() - interval '8 days' WHERE seq < $1";
    app.sql().await.execute(gone, &[&last]).await.unwrap();
    lifetime::round(&app.app).await.unwrap();
    let heard = listener.hears_changes().await;
    assert_eq!(heard.chat.as_ref().map(|chat| chat.kept_from), Some(last));
    assert_eq!((heard.head - heard.after, heard.messages.len()), (1, 0));
    assert_eq!(stays.hear(heard), Heard::Applied);
    ada.says(&tea, "five").await;
    assert_eq!(stays.hear(listener.hears_changes().await), Heard::Applied);
    catches_up(&ada, &tea, &mut away).await;
    let fresh = ada.opens(&tea).await;
    for timeline in [&stays, &away, &fresh] {
        assert_eq!(texts(timeline.messages()), ["four", "five"]);
        assert!(!timeline.has_earlier());
    }
    assert_eq!(texts(ada.history(&tea, "?after=0").await.messages.iter()), ["four", "five"]);
    assert_eq!(app.count("SELECT count(*) FROM messages").await, 2);
    lifetime::round(&app.app).await.unwrap();
    listener.is_heard().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_vanishes_from_a_chat_that_keeps_everything() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    ada.says(&tea, "tea?").await;
    let gone = "UPDATE messages SET created_at = now() - interval '9 years'";
    app.sql().await.execute(gone, &[]).await.unwrap();
    lifetime::round(&app.app).await.unwrap();
    assert_eq!(texts(ada.history(&tea, "").await.messages.iter()), ["tea?"]);
    assert_eq!(app.count("SELECT kept_from FROM chats").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_old_messages_vanish_by_and_by() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    ada.set(&tea, &json!({ "retention_days": 1 })).await.is(200);
    app.sql()
        .await
        .batch_execute(
            "INSERT INTO messages (chat_id, seq, revision, user_id, client_id, message, created_at) \
             SELECT 1, n, n, 1, gen_random_uuid(), 'old', now() - interval '2 days' \
             FROM generate_series(4, 12003) AS n; \
             UPDATE messages SET created_at = now() - interval '2 days'; UPDATE chats SET head = 12003",
        )
        .await
        .unwrap();
    let newest = ada.says(&tea, "new").await.stored.seq;
    lifetime::round(&app.app).await.unwrap();
    assert_eq!(app.count("SELECT kept_from FROM chats").await, 10_003);
    assert_eq!(app.count("SELECT min(seq) FROM messages").await, 10_003);
    lifetime::round(&app.app).await.unwrap();
    assert_eq!(app.count("SELECT kept_from FROM chats").await, newest);
    assert_eq!(app.count("SELECT count(*) FROM messages").await, 1);
    let audit = ada.audit(&tea).await;
    assert_eq!(audit, [(ada.id, Event::Retention { days: Some(1) })], "each round is not worth an entry");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_was_given_more_time_at_the_last_moment_does_not_end() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let id = app.count("SELECT id FROM chats").await;
    for more in [3_600, 0] {
        ada.set(&tea, &json!({ "expires_in": more })).await.is(200);
        let refused = app.app.end_chat(id, None).await.unwrap_err();
        assert_eq!(refused.problem().code, ProblemCode::Conflict);
        ada.says(&tea, "we go on").await;
    }
}
