//! The settings of a chat.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{
    chat::Chat,
    event::Event,
    member::Role,
    problem::{FieldCode, ProblemCode},
};

use crate::{app::TestApp, keeping::events};

#[tokio::test(flavor = "multi_thread")]
async fn what_really_changes_is_numbered_and_said_and_nothing_else() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    let mut listener = brian.listens_to(&tea).await;
    let wanted = json!({ "name": "Tea", "topic": "", "slow_seconds": 5, "guests": true, "expires_in": 0 });
    let chat: Chat = ada.set(&tea, &wanted).await.is(200).read();
    let heard = listener.hears_changes().await;
    assert_eq!((heard.after, heard.head), (2, 5), "the settings, and two lines");
    assert_eq!(heard.chat, Some(chat.clone()));
    assert_eq!((chat.name.as_str(), chat.slow_seconds, chat.revision), ("Tea", 5, 3));
    let said = [Event::Named { name: "Tea".into() }, Event::Slow { seconds: 5 }].map(|event| (ada.id, event));
    assert_eq!(events(&heard), said);
    assert_eq!(ada.audit(&tea).await, said.into_iter().rev().collect::<Vec<_>>());
    let again: Chat = ada.set(&tea, &wanted).await.is(200).read();
    assert_eq!(again, chat);
    let nothing: Chat = ada.set(&tea, &json!({})).await.is(200).read();
    assert_eq!(nothing, chat);
    listener.is_heard().await;
    assert_eq!(brian.changes(&tea, 2).await.chat, Some(chat));
    assert_eq!(app.count("SELECT head FROM chats").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_is_kept_and_taken_back() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let on = json!({
        "name": "Tea", "topic": "green or black", "closed": true, "link_open": false, "guests": false,
        "approval": true, "slow_seconds": 60, "retention_days": 30, "expires_in": 3_600,
    });
    let chat: Chat = ada.set(&tea, &on).await.is(200).read();
    assert_eq!((chat.name.as_str(), chat.topic.as_str()), ("Tea", "green or black"));
    assert_eq!((chat.closed, chat.link_open, chat.guests, chat.approval), (true, false, false, true));
    assert_eq!((chat.slow_seconds, chat.retention_days), (60, Some(30)));
    let life = chat.expires_at.unwrap() - chrono::Utc::now();
    assert!((3_500..=3_600).contains(&life.num_seconds()), "{life}");
    assert_eq!(ada.joins(&tea).await.chat, chat);
    let off = json!({
        "name": "", "topic": "", "closed": false, "link_open": true, "guests": true,
        "approval": false, "slow_seconds": 0, "retention_days": 0, "expires_in": 0,
    });
    let back: Chat = ada.set(&tea, &off).await.is(200).read();
    let started = Chat::started(chat.id, chat.created_at);
    assert_eq!(back, Chat { revision: back.revision, ..started });
    assert_eq!(ada.audit(&tea).await.len(), 18);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_come_in_forms_as_well() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let path = format!("/api/chats/{tea}/settings/");
    let call = || ada.call(&Method::PATCH, &path);
    let chat: Chat = call().form(&[("name", "Tea"), ("closed", "true")]).await.is(200).read();
    assert_eq!((chat.name.as_str(), chat.closed), ("Tea", true));
    let fields = [("closed", "off"), ("retention_days", "7")];
    let chat: Chat = call().multipart(&fields).await.is(200).read();
    assert_eq!((chat.closed, chat.retention_days), (false, Some(7)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_named_field_by_field() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let wrong = [
        ("name", json!("two\nlines"), FieldCode::BadName),
        ("name", json!("x".repeat(81)), FieldCode::TooLong),
        ("topic", json!("x".repeat(301)), FieldCode::TooLong),
        ("closed", json!("perhaps"), FieldCode::NotOneOf),
        ("slow_seconds", json!(21_601), FieldCode::NotNumber),
        ("slow_seconds", json!(-1), FieldCode::NotNumber),
        ("retention_days", json!(3_651), FieldCode::NotNumber),
        ("expires_in", json!(u64::MAX), FieldCode::NotNumber),
    ];
    for (field, value, code) in wrong {
        let problem = ada.set(&tea, &json!({ field: value })).await.refused(ProblemCode::Invalid);
        assert_eq!((problem.errors[0].field.as_str(), problem.errors[0].code), (field, code));
    }
    assert_eq!(app.count("SELECT head FROM chats").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moderator_changes_all_but_what_is_the_owners() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    let all = [
        (json!({ "name": "Tea" }), true),
        (json!({ "topic": "green" }), true),
        (json!({ "link_open": false }), true),
        (json!({ "approval": true }), true),
        (json!({ "slow_seconds": 3 }), true),
        (json!({ "closed": true }), false),
        (json!({ "guests": false }), false),
        (json!({ "retention_days": 3 }), false),
        (json!({ "expires_in": 3_600 }), false),
    ];
    for (settings, _) in &all {
        brian.set(&tea, settings).await.refused(ProblemCode::Forbidden);
        app.person(&format!("eve{}", settings.as_object().unwrap().keys().next().unwrap()))
            .await
            .set(&tea, settings)
            .await
            .refused(ProblemCode::ChatNotFound);
    }
    assert_eq!(app.count("SELECT head FROM chats").await, 2);
    ada.give_role(&tea, &brian, Role::Moderator).await.is(200);
    for (settings, may) in &all {
        let answer = brian.set(&tea, settings).await;
        if *may {
            answer.is(200);
        } else {
            answer.refused(ProblemCode::Forbidden);
        }
    }
    let chat = ada.joins(&tea).await.chat;
    assert_eq!((chat.name.as_str(), chat.slow_seconds, chat.closed), ("Tea", 3, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moderator_who_is_one_no_more_does_nothing_after_that() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    ada.give_role(&tea, &brian, Role::Moderator).await.is(200);
    let acts = join_all((0..20).map(|number| {
        let (brian, tea) = (&brian, &tea);
        async move { brian.set(tea, &json!({ "topic": format!("{number}") })).await.status }
    }));
    let (acts, _) = tokio::join!(acts, async { ada.give_role(&tea, &brian, Role::Writer).await.is(200) });
    assert!(acts.iter().all(|status| [200, 403].contains(status)), "{acts:?}");
    let lines = ada.history(&tea, "").await.messages;
    let demoted = lines.iter().rfind(|line| line.user.id == ada.id).unwrap().seq;
    let topics: Vec<_> = lines.iter().filter(|line| line.user.id == brian.id).collect();
    assert_eq!(topics.len(), acts.iter().filter(|status| **status == 200).count());
    assert!(topics.iter().all(|line| line.seq < demoted), "after {demoted}: {topics:?}");
}
