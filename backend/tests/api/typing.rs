//! Who is writing something right now.

use shared::socket::{ClientFrame, ServerFrame};
use uuid::Uuid;

use crate::{app::TestApp, listener::Listener};

/// Is known to be writing once this returns.
async fn types(listener: &mut Listener, uri: &str) {
    listener.says(&ClientFrame::Typing { uri: uri.to_owned() }).await;
    listener.is_heard().await;
}

fn typing(uri: &str, user: i64) -> ServerFrame {
    ServerFrame::Typing { uri: uri.to_owned(), user }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_others_hear_who_is_writing_and_the_writer_does_not() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    let (mut one, mut other) = (ada.listens_to(&tea).await, brian.listens_to(&tea).await);
    types(&mut one, &tea).await;
    assert_eq!(other.hears().await, typing(&tea, ada.id));
    types(&mut other, &tea).await;
    assert_eq!(one.hears().await, typing(&tea, brian.id), "and nothing of one's own before");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_whoever_listens_to_a_chat_is_seen_writing_in_it() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let coffee = ada.starts().await;
    let (brian, eve) = (app.person("brian").await, app.person("eve").await);
    brian.joins(&tea).await;
    let mut hearer = ada.listens_to(&tea).await;
    let mut outsider = eve.listens().await;
    outsider.subscribes(&tea, None, None).await;
    outsider.hears_refusal().await;
    types(&mut outsider, &tea).await;
    let mut elsewhere = ada.listens_to(&coffee).await;
    types(&mut elsewhere, &tea).await;
    let mut member = brian.listens().await;
    types(&mut member, &tea).await;
    member.subscribes(&tea, None, None).await;
    member.hears_changes().await;
    types(&mut member, &tea).await;
    assert_eq!(hearer.hears().await, typing(&tea, brian.id));
    member.says(&ClientFrame::Unsubscribe { uri: tea.clone() }).await;
    types(&mut member, &tea).await;
    brian.says(&tea, "tea?").await;
    assert_eq!(hearer.hears_changes().await.messages.len(), 1, "nothing came of the others");
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_changes_no_number() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (mut one, mut other) = (ada.listens_to(&tea).await, ada.listens_to(&tea).await);
    types(&mut one, &tea).await;
    assert_eq!(other.hears().await, typing(&tea, ada.id), "another window is somebody else");
    assert_eq!(ada.changes(&tea, 1).await.head, 1);
    ada.says(&tea, "tea?").await;
    let changes = other.hears_changes().await;
    assert_eq!((changes.after, changes.head), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_on_is_passed_on_now_and_then_and_after_a_message_at_once() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    let (mut writer, mut hearer) = (ada.listens_to(&tea).await, brian.listens_to(&tea).await);
    for _ in 0..5 {
        types(&mut writer, &tea).await;
    }
    writer.posts(&tea, Uuid::new_v4(), "tea?").await;
    // Its answer, and itself.
    writer.hears().await;
    writer.hears().await;
    types(&mut writer, &tea).await;
    assert_eq!(hearer.hears().await, typing(&tea, ada.id));
    assert_eq!(hearer.hears_changes().await.messages.len(), 1, "once for all five");
    assert_eq!(hearer.hears().await, typing(&tea, ada.id), "something new has begun");
}
