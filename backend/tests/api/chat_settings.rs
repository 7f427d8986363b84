//! The settings of a chat.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{
    chat::{Chat, EditWindow},
    event::Event,
    id::Head,
    member::Role,
    problem::{FieldCode, ProblemCode},
};

use crate::support::{TestApp, events_with_author};

#[tokio::test(flavor = "multi_thread")]
async fn event_message_carries_an_english_sentence() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut listener = brian.open_socket_in(&tea).await;
    ada.update_settings(&tea, &json!({ "name": "Tea" })).await.assert_status(200);
    assert_eq!(listener.recv_changes().await.messages[0].message, "named the chat Tea");
    ada.set_role(&tea, &brian, Role::Moderator).await.assert_status(200);
    for query in ["", "?before=100", "?after=1"] {
        let page = ada.history(&tea, query).await.messages;
        let texts: Vec<_> = page.iter().map(|message| message.message.as_str()).collect();
        assert_eq!(texts, ["named the chat Tea", "made brian a moderator"], "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_update_announces_changed_fields_only() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut listener = brian.open_socket_in(&tea).await;
    let wanted = json!({ "name": "Tea", "topic": "", "slow_mode_seconds": 5, "guests_allowed": true, "expires_in": 0 });
    let chat: Chat = ada.update_settings(&tea, &wanted).await.assert_status(200).json();
    let received = listener.recv_changes().await;
    assert_eq!((received.after.get(), received.head.get()), (2, 5), "the settings and two events");
    assert_eq!(received.chat, Some(chat.clone()));
    assert_eq!((chat.name.as_str(), chat.slow_mode_seconds, chat.revision.get()), ("Tea", 5, 3));
    let posted =
        [Event::Named { name: "Tea".into() }, Event::SlowMode { seconds: 5 }].map(|event| (ada.id, event));
    assert_eq!(events_with_author(&received), posted);
    assert_eq!(ada.audit_log(&tea).await, posted.into_iter().rev().collect::<Vec<_>>());
    let again: Chat = ada.update_settings(&tea, &wanted).await.assert_status(200).json();
    assert_eq!(again, chat);
    let nothing: Chat = ada.update_settings(&tea, &json!({})).await.assert_status(200).json();
    assert_eq!(nothing, chat);
    listener.sync().await;
    assert_eq!(brian.changes(&tea, Head::new(2)).await.chat, Some(chat));
    assert_eq!(app.query_count("SELECT head FROM chats").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_can_be_set_and_reset() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let on = json!({
        "name": "Tea", "topic": "green or black", "closed": true, "link_open": false, "guests_allowed": false,
        "approval_required": true, "slow_mode_seconds": 60, "retention_days": 30, "expires_in": 3_600,
        "edit_window": "15_minutes", "export_allowed": true,
    });
    let chat: Chat = ada.update_settings(&tea, &on).await.assert_status(200).json();
    assert_eq!((chat.name.as_str(), chat.topic.as_str()), ("Tea", "green or black"));
    assert_eq!(
        (chat.closed, chat.link_open, chat.guests_allowed, chat.approval_required),
        (true, false, false, true)
    );
    assert_eq!((chat.slow_mode_seconds, chat.retention_days), (60, Some(30)));
    assert_eq!((chat.edit_window, chat.export_allowed), (EditWindow::FifteenMinutes, true));
    let life = chat.expires_at.unwrap() - chrono::Utc::now();
    assert!((3_500..=3_600).contains(&life.num_seconds()), "{life}");
    assert_eq!(ada.join(&tea).await.chat, chat);
    let off = json!({
        "name": "", "topic": "", "closed": false, "link_open": true, "guests_allowed": true,
        "approval_required": false, "slow_mode_seconds": 0, "retention_days": 0, "expires_in": 0,
        "edit_window": "always", "export_allowed": false,
    });
    let back: Chat = ada.update_settings(&tea, &off).await.assert_status(200).json();
    let started = Chat::new(chat.id, chat.created_at);
    let expected = Chat { uri: tea.uri.clone(), revision: back.revision, ..started };
    assert_eq!(back, expected);
    assert_eq!(ada.audit_log(&tea).await.len(), 22);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_accept_forms() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let path = format!("/api/chats/{tea}/settings/");
    let request = || ada.request(&Method::PATCH, &path);
    let chat: Chat = request().form(&[("name", "Tea"), ("closed", "true")]).await.assert_status(200).json();
    assert_eq!((chat.name.as_str(), chat.closed), ("Tea", true));
    let fields = [("closed", "off"), ("retention_days", "7")];
    let chat: Chat = request().multipart(&fields).await.assert_status(200).json();
    assert_eq!((chat.closed, chat.retention_days), (false, Some(7)));
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_settings_are_named_by_field() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let wrong = [
        ("name", json!("two\nlines"), FieldCode::InvalidName),
        ("name", json!("x".repeat(81)), FieldCode::TooLong),
        ("topic", json!("x".repeat(301)), FieldCode::TooLong),
        ("closed", json!("perhaps"), FieldCode::NotAChoice),
        ("slow_mode_seconds", json!(21_601), FieldCode::NotNumber),
        ("slow_mode_seconds", json!(-1), FieldCode::NotNumber),
        ("edit_window", json!("16_minutes"), FieldCode::NotAChoice),
        ("retention_days", json!(3_651), FieldCode::NotNumber),
        ("expires_in", json!(u64::MAX), FieldCode::NotNumber),
    ];
    for (field, value, code) in wrong {
        let problem =
            ada.update_settings(&tea, &json!({ field: value })).await.assert_problem(ProblemCode::Invalid);
        assert_eq!((problem.errors[0].field.as_str(), problem.errors[0].code), (field, code));
    }
    assert_eq!(app.query_count("SELECT head FROM chats").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn moderator_cannot_change_owner_settings() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let all = [
        (json!({ "name": "Tea" }), true),
        (json!({ "topic": "green" }), true),
        (json!({ "link_open": false }), true),
        (json!({ "approval_required": true }), true),
        (json!({ "slow_mode_seconds": 3 }), true),
        (json!({ "closed": true }), false),
        (json!({ "guests_allowed": false }), false),
        (json!({ "edit_window": "never" }), false),
        (json!({ "export_allowed": true }), false),
        (json!({ "retention_days": 3 }), false),
        (json!({ "expires_in": 3_600 }), false),
    ];
    for (settings, _) in &all {
        brian.update_settings(&tea, settings).await.assert_problem(ProblemCode::Forbidden);
        app.create_user(&format!("eve{}", settings.as_object().unwrap().keys().next().unwrap()))
            .await
            .update_settings(&tea, settings)
            .await
            .assert_problem(ProblemCode::ChatNotFound);
    }
    assert_eq!(app.query_count("SELECT head FROM chats").await, 2);
    ada.set_role(&tea, &brian, Role::Moderator).await.assert_status(200);
    for (settings, may) in &all {
        let response = brian.update_settings(&tea, settings).await;
        if *may {
            response.assert_status(200);
        } else {
            response.assert_problem(ProblemCode::Forbidden);
        }
    }
    let chat = ada.join(&tea).await.chat;
    assert_eq!((chat.name.as_str(), chat.slow_mode_seconds, chat.closed), ("Tea", 3, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn demoted_moderator_cannot_change_settings() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    ada.set_role(&tea, &brian, Role::Moderator).await.assert_status(200);
    let acts = join_all((0..20).map(|number| {
        let (brian, tea) = (&brian, &tea);
        async move { brian.update_settings(tea, &json!({ "topic": format!("{number}") })).await.status }
    }));
    let (acts, _) =
        tokio::join!(acts, async { ada.set_role(&tea, &brian, Role::Writer).await.assert_status(200) });
    assert!(acts.iter().all(|status| [200, 403].contains(status)), "{acts:?}");
    let lines = ada.history(&tea, "").await.messages;
    let demoted = lines.iter().rfind(|line| line.user.id == ada.id).unwrap().seq;
    let topics: Vec<_> = lines.iter().filter(|line| line.user.id == brian.id).collect();
    assert_eq!(topics.len(), acts.iter().filter(|status| **status == 200).count());
    assert!(topics.iter().all(|line| line.seq < demoted), "after {demoted}: {topics:?}");
}
