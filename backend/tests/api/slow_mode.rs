//! Slow mode.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use shared::{member::Role, problem::ProblemCode, socket::ServerFrame};
use uuid::Uuid;

use crate::support::{Rejection, TestApp, TestChat, TestUser};

async fn slow_chat(app: &TestApp, seconds: u32) -> (TestUser, TestUser, TestChat) {
    let (ada, tea) = app.ada_and_chat().await;
    ada.update_settings(&tea, &json!({ "slow_mode_seconds": seconds })).await.assert_status(200);
    (ada, app.create_member("brian", &tea).await, tea)
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_mode_applies_to_rest_and_socket() {
    let app = TestApp::spawn().await;
    let (ada, brian, tea) = slow_chat(&app, 60).await;
    let mut listener = brian.open_socket_in(&tea).await;
    let first = Uuid::new_v4();
    listener.post_message(tea.id, first, "tea?").await;
    listener.recv_event().await;
    listener.recv_event().await;
    let response = brian.try_send_message(&tea, "tea!").await;
    assert!((1..=60).contains(&response.header("retry-after").parse().unwrap()), "{response:?}");
    response.assert_problem(ProblemCode::SlowMode);
    let second = Uuid::new_v4();
    listener.post_message(tea.id, second, "tea!").await;
    let Rejection { client_id, problem, .. } = listener.recv_rejection().await;
    assert_eq!((client_id, problem.code), (Some(second), ProblemCode::SlowMode));
    assert!(problem.retry_after.is_some_and(|wait| (1..=60).contains(&wait)), "{problem:?}");
    // A retry, as after a lost response.
    listener.post_message(tea.id, first, "tea?").await;
    let answered = loop {
        match listener.recv_event().await {
            ServerFrame::Posted { client_id, .. } => break client_id,
            ServerFrame::Changes(_) => {}
            other => panic!("expected an acknowledgement, got {other:?}"),
        }
    };
    assert_eq!(answered, first);
    // Moderators do not wait, nor do others once slow mode is off.
    ada.send_message(&tea, "one").await;
    ada.send_message(&tea, "two").await;
    ada.set_role(&tea, &brian, Role::Moderator).await.assert_status(200);
    brian.send_message(&tea, "three").await;
    brian.send_message(&tea, "four").await;
    ada.set_role(&tea, &brian, Role::Writer).await.assert_status(200);
    brian.try_send_message(&tea, "five").await.assert_problem(ProblemCode::SlowMode);
    ada.update_settings(&tea, &json!({ "slow_mode_seconds": 0 })).await.assert_status(200);
    brian.send_message(&tea, "five").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_mode_allows_message_after_pause() {
    let app = TestApp::spawn().await;
    let (_, brian, tea) = slow_chat(&app, 300).await;
    brian.send_message(&tea, "one").await;
    app.advance_clock(Duration::from_secs(200));
    let problem = brian.try_send_message(&tea, "two").await.assert_problem(ProblemCode::SlowMode);
    assert!(problem.retry_after.is_some_and(|wait| wait <= 100), "{problem:?}");
    app.advance_clock(Duration::from_secs(100));
    brian.send_message(&tea, "two").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_mode_allows_one_of_concurrent_messages() {
    let app = TestApp::spawn().await;
    let (_, brian, tea) = slow_chat(&app, 60).await;
    let posts =
        join_all((0..20).map(|_| async { brian.try_send_message(&tea, "me first").await.status })).await;
    assert_eq!(posts.iter().filter(|status| **status == 200).count(), 1, "{posts:?}");
    assert_eq!(posts.iter().filter(|status| **status == 429).count(), 19, "{posts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_mode_survives_restart() {
    let app = TestApp::spawn().await;
    let (_, brian, tea) = slow_chat(&app, 3_600).await;
    let eve = app.create_member("eve", &tea).await;
    let first = Uuid::new_v4();
    brian.try_send_with_id(&tea, first, "one").await.assert_status(200);
    let again = app.restart().await;
    let (brian, eve) = (brian.with_server(&again), eve.with_server(&again));
    let problem = brian.try_send_message(&tea, "two").await.assert_problem(ProblemCode::SlowMode);
    assert!(problem.retry_after.is_some_and(|wait| (3_500..=3_600).contains(&wait)), "{problem:?}");
    brian.try_send_with_id(&tea, first, "one").await.assert_status(200);
    eve.send_message(&tea, "my first").await;
    again.advance_clock(Duration::from_hours(1));
    brian.send_message(&tea, "two").await;
}
