//! Slow mode.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use shared::{member::Role, problem::ProblemCode, socket::ServerFrame};
use uuid::Uuid;

use crate::app::{Person, TestApp};

async fn slow(app: &TestApp, seconds: u32) -> (Person, Person, String) {
    let (ada, tea) = app.tea().await;
    ada.set(&tea, &json!({ "slow_seconds": seconds })).await.is(200);
    (ada, app.joiner("brian", &tea).await, tea)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_of_a_slow_chat_waits_by_whichever_way_they_write() {
    let app = TestApp::start().await;
    let (ada, brian, tea) = slow(&app, 60).await;
    let mut listener = brian.listens_to(&tea).await;
    let first = Uuid::new_v4();
    listener.posts(&tea, first, "tea?").await;
    listener.hears().await;
    listener.hears().await;
    let answer = brian.say(&tea, "tea!").await;
    assert!((1..=60).contains(&answer.header("retry-after").parse().unwrap()), "{answer:?}");
    answer.refused(ProblemCode::SlowMode);
    let second = Uuid::new_v4();
    listener.posts(&tea, second, "tea!").await;
    let (client_id, _, problem) = listener.hears_refusal().await;
    assert_eq!((client_id, problem.code), (Some(second), ProblemCode::SlowMode));
    assert!(problem.retry_after.is_some_and(|wait| (1..=60).contains(&wait)), "{problem:?}");
    // An answer that was lost is asked for again.
    listener.posts(&tea, first, "tea?").await;
    let answered = loop {
        match listener.hears().await {
            ServerFrame::Posted { client_id, .. } => break client_id,
            ServerFrame::Changes(_) => {}
            other => panic!("an answer was awaited: {other:?}"),
        }
    };
    assert_eq!(answered, first);
    // Whoever keeps the chat does not wait, and a chat that is not slow any more keeps nobody waiting.
    ada.says(&tea, "one").await;
    ada.says(&tea, "two").await;
    ada.give_role(&tea, &brian, Role::Moderator).await.is(200);
    brian.says(&tea, "three").await;
    brian.says(&tea, "four").await;
    ada.give_role(&tea, &brian, Role::Writer).await.is(200);
    brian.say(&tea, "five").await.refused(ProblemCode::SlowMode);
    ada.set(&tea, &json!({ "slow_seconds": 0 })).await.is(200);
    brian.says(&tea, "five").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_pause_one_message_goes_through() {
    let app = TestApp::start().await;
    let (_, brian, tea) = slow(&app, 1).await;
    let begun = Instant::now();
    brian.says(&tea, "one").await;
    while brian.say(&tea, "two").await.status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(app.count("SELECT count(*) FROM messages WHERE event IS NULL").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_messages_at_once_one_goes_through() {
    let app = TestApp::start().await;
    let (_, brian, tea) = slow(&app, 60).await;
    let posts = join_all((0..20).map(|_| async { brian.say(&tea, "me first").await.status })).await;
    assert_eq!(posts.iter().filter(|status| **status == 200).count(), 1, "{posts:?}");
    assert_eq!(posts.iter().filter(|status| **status == 429).count(), 19, "{posts:?}");
}
