//! Editing messages.

use backend::jobs::chat_expiry;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    id::Seq,
    member::Role,
    message::{Message, MessagePosted, MessageVersionsResponse},
    problem::{FieldCode, ProblemCode},
    sync::ApplyResult,
};
use uuid::Uuid;

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn edited_message_is_the_same_everywhere() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let posted = brian.send_message(&tea, "tee?").await.stored;
    let posted = Message { user: posted.user.clone().public(), ..posted };
    ada.send_message(&tea, "what?").await;
    let mut away = ada.open_timeline(&tea).await;
    let mut listener = ada.open_socket_in(&tea).await;
    // Fills the cache.
    assert_eq!(ada.history(&tea, "").await.messages[0], posted);
    let edited: Message = brian.edit_message(&tea, posted.seq, "tea?").await.assert_status(200).json();
    let expected = Message {
        message: "tea?".into(),
        revision: edited.revision,
        edited_at: edited.edited_at,
        ..posted.clone()
    };
    assert_eq!((&edited, edited.revision.get()), (&expected, 5));
    assert!(edited.edited_at.unwrap() >= posted.created_at);
    let received = listener.recv_changes().await;
    assert_eq!((received.head.get() - received.after.get(), &received.messages), (1, &vec![edited.clone()]));
    for query in ["", "?before=100", "?after=2"] {
        assert!(ada.history(&tea, query).await.messages.contains(&edited), "{query}");
    }
    assert_eq!(away.apply(ada.changes(&tea, away.head()).await), ApplyResult::Applied);
    assert_eq!(away, ada.open_timeline(&tea).await);
    assert!(ada.audit_log(&tea).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_list_former_texts_and_current_one() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let posted = brian.send_message(&tea, "one").await.stored;
    let path = format!("/api/chats/{tea}/messages/{}/versions/", posted.seq);
    let versions = || async {
        let response: MessageVersionsResponse = ada.get(&path).await.assert_status(200).json();
        response.versions
    };
    let only = versions().await;
    assert_eq!((only.len(), only[0].created_at, only[0].message.as_str()), (1, posted.created_at, "one"));
    for text in ["two", "three"] {
        brian.edit_message(&tea, posted.seq, text).await.assert_status(200);
    }
    let all = versions().await;
    let texts: Vec<_> = all.iter().map(|version| version.message.as_str()).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    assert!(all.is_sorted_by_key(|version| version.created_at) && all[0] == only[0]);
    app.create_user("eve").await.get(&path).await.assert_problem(ProblemCode::ChatNotFound);
    // No text stays when the message is deleted.
    brian.delete_message(&tea, posted.seq).await.assert_status(204);
    ada.get(&path).await.assert_problem(ProblemCode::MessageDeleted);
    assert_eq!(app.query_count("SELECT count(*) FROM message_versions").await, 0);
    let tombstone = ada.history(&tea, "").await.messages.pop().unwrap();
    assert_eq!((tombstone.deleted, tombstone.edited_at), (true, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_edit_changes_nothing() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let seq = ada.send_message(&tea, "one").await.stored.seq;
    let path = format!("/api/chats/{tea}/messages/{seq}/");
    let edit = |edit_id: Uuid, text: &str| {
        ada.request(&Method::PATCH, &path).json(&json!({ "message": text, "edit_id": edit_id }))
    };
    let (first, second) = (Uuid::new_v4(), Uuid::new_v4());
    let two: Message = edit(first, "two").await.assert_status(200).json();
    assert_eq!(edit(first, "two").await.assert_status(200).json::<Message>(), two);
    edit(first, "three").await.assert_problem(ProblemCode::ClientIdConflict);
    let three: Message = edit(second, "three").await.assert_status(200).json();
    // A late repetition does not undo what came after it.
    assert_eq!(edit(first, "two").await.assert_status(200).json::<Message>(), three);
    edit(first, "three").await.assert_problem(ProblemCode::ClientIdConflict);
    let by_header = ada.request(&Method::PATCH, &path).header("idempotency-key", &second.to_string());
    let again: Message = by_header.json(&json!({ "message": "three" })).await.assert_status(200).json();
    assert_eq!(again, three);
    // The same text is no edit.
    let same: Message = edit(Uuid::new_v4(), "three").await.assert_status(200).json();
    assert_eq!(same, three);
    join_all((0..10).map(|_| async { edit(Uuid::nil(), "four").await.assert_status(200) })).await;
    assert_eq!(app.query_count("SELECT head FROM chats").await, 5);
    assert_eq!(app.query_count("SELECT count(*) FROM message_versions").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn retried_post_of_edited_message_stays_edited() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let id = Uuid::new_v4();
    let first: MessagePosted = ada.try_send_with_id(&tea, id, "one").await.assert_status(200).json();
    let edited: Message = ada.edit_message(&tea, first.stored.seq, "two").await.assert_status(200).json();
    let again: MessagePosted = ada.try_send_with_id(&tea, id, "one").await.assert_status(200).json();
    assert_eq!((again.stored.message, again.stored.revision), (edited.message, edited.revision));
    ada.try_send_with_id(&tea, id, "two").await.assert_problem(ProblemCode::ClientIdConflict);
    // Also once it is deleted.
    ada.delete_message(&tea, first.stored.seq).await.assert_status(204);
    let again: MessagePosted = ada.try_send_with_id(&tea, id, "one").await.assert_status(200).json();
    assert!(again.stored.deleted);
    ada.try_send_with_id(&tea, id, "two").await.assert_problem(ProblemCode::ClientIdConflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_author_edits_and_only_texts() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let seq = brian.send_message(&tea, "tea?").await.stored.seq;
    // Not even the owner edits what others said.
    ada.edit_message(&tea, seq, "coffee?").await.assert_problem(ProblemCode::Forbidden);
    app.create_user("eve").await.edit_message(&tea, seq, "x").await.assert_problem(ProblemCode::ChatNotFound);
    for wrong in [json!({}), json!({ "message": " " }), json!({ "message": "x".repeat(4_001) })] {
        let problem = brian.try_edit(&tea, seq, &wrong).await.assert_problem(ProblemCode::Invalid);
        assert_eq!(problem.errors[0].field, "message");
    }
    let wrong = brian.try_edit(&tea, seq, &json!({ "message": "x", "edit_id": "y" })).await;
    assert_eq!(wrong.assert_problem(ProblemCode::Invalid).errors[0].code, FieldCode::NotUuid);
    brian.edit_message(&tea, Seq::new(999), "x").await.assert_problem(ProblemCode::NotFound);
    ada.update_settings(&tea, &json!({ "topic": "green" })).await.assert_status(200);
    let event = ada.history(&tea, "").await.messages.last().unwrap().seq;
    ada.edit_message(&tea, event, "x").await.assert_problem(ProblemCode::Conflict);
    ada.set_role(&tea, &brian, Role::Reader).await.assert_status(200);
    brian.edit_message(&tea, seq, "x").await.assert_problem(ProblemCode::Forbidden);
    ada.set_role(&tea, &brian, Role::Writer).await.assert_status(200);
    ada.update_settings(&tea, &json!({ "closed": true })).await.assert_status(200);
    brian.edit_message(&tea, seq, "x").await.assert_problem(ProblemCode::ChatClosed);
    assert_eq!(app.query_count("SELECT count(*) FROM messages WHERE edited_at IS NOT NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_limits_the_time_for_edits() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    ada.set_role(&tea, &brian, Role::Moderator).await.assert_status(200);
    let set = |value: Value| json!({ "edit_window": value });
    brian.update_settings(&tea, &set("never".into())).await.assert_problem(ProblemCode::Forbidden);
    ada.update_settings(&tea, &set("an hour".into())).await.assert_problem(ProblemCode::Invalid);
    let seq = brian.send_message(&tea, "one").await.stored.seq;
    ada.update_settings(&tea, &set("never".into())).await.assert_status(200);
    brian.edit_message(&tea, seq, "two").await.assert_problem(ProblemCode::EditWindowClosed);
    ada.update_settings(&tea, &set("15_minutes".into())).await.assert_status(200);
    brian.edit_message(&tea, seq, "two").await.assert_status(200);
    let sql = app.sql().await;
    for (minutes, is_open) in [(14, true), (15, false)] {
        let aged = format!("UPDATE messages SET created_at = now() - interval '{minutes} minutes'");
        sql.execute(&aged, &[]).await.unwrap();
        let response = brian.edit_message(&tea, seq, &format!("after {minutes} minutes")).await;
        if is_open {
            response.assert_status(200);
        } else {
            response.assert_problem(ProblemCode::EditWindowClosed);
        }
    }
    ada.update_settings(&tea, &set("always".into())).await.assert_status(200);
    brian.edit_message(&tea, seq, "three").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_edits_and_deletion_converge() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    for round in 0..5 {
        let seq = brian.send_message(&tea, "one").await.stored.seq;
        let mut views = [ada.open_timeline(&tea).await, brian.open_timeline(&tea).await];
        let texts: Vec<_> = (0..8).map(|number| format!("edit {number}")).collect();
        let edits = join_all(texts.iter().map(|text| async { brian.edit_message(&tea, seq, text).await }));
        let deletion = async { ada.delete_message(&tea, seq).await.assert_status(204) };
        let (edits, _) = futures_util::future::join(edits, deletion).await;
        for edit in edits {
            assert!(edit.status == 200 || edit.status == ProblemCode::MessageDeleted.status(), "{edit:?}");
        }
        for (view, user) in views.iter_mut().zip([&ada, &brian]) {
            assert_eq!(view.apply(user.changes(&tea, view.head()).await), ApplyResult::Applied);
            assert!(view.message(seq).unwrap().deleted, "round {round}");
        }
        assert_eq!(views[0].messages().collect::<Vec<_>>(), views[1].messages().collect::<Vec<_>>());
    }
    assert_eq!(app.query_count("SELECT count(*) FROM message_versions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn newest_hundred_former_texts_are_kept() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let seq = ada.send_message(&tea, "text 0").await.stored.seq;
    let former = format!(
        "INSERT INTO message_versions SELECT chat_id, seq, number - 200, NULL, 'text ' || number, now() \
         FROM messages, generate_series(1, 120) AS number WHERE seq = {seq}"
    );
    app.execute_sql(&former).await;
    ada.edit_message(&tea, seq, "last").await.assert_status(200);
    let path = format!("/api/chats/{tea}/messages/{seq}/versions/");
    let MessageVersionsResponse { versions } = ada.get(&path).await.assert_status(200).json();
    let texts: Vec<_> = versions.iter().map(|version| version.message.as_str()).collect();
    assert_eq!(
        (texts.len(), texts[0], texts[98..].to_vec()),
        (101, "text 22", vec!["text 120", "text 0", "last"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn former_texts_go_with_their_message() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    for text in ["retained", "recent"] {
        let seq = brian.send_message(&tea, text).await.stored.seq;
        brian.edit_message(&tea, seq, "edited").await.assert_status(200);
    }
    let former = "SELECT count(*) FROM message_versions";
    assert_eq!(app.query_count(former).await, 2);
    app.execute_sql("UPDATE messages SET created_at = now() - interval '8 days' WHERE seq < 4").await;
    ada.update_settings(&tea, &json!({ "retention_days": 7 })).await.assert_status(200);
    chat_expiry::run_once(&app.state.db, &app.state.chats).await.unwrap();
    assert_eq!(app.query_count(former).await, 1);
    // What was edited lately counts as written lately.
    app.execute_sql("UPDATE messages SET created_at = now() - interval '1 hour'").await;
    let recent = format!("/api/chats/{tea}/messages/?user={}&minutes=5", brian.id);
    ada.request(&Method::DELETE, &recent).await.assert_status(200);
    assert_eq!(app.query_count(former).await, 0);
}
