//! The audit log of a chat.

use serde_json::json;
use shared::{audit_log::AuditLogResponse, member::Role, problem::ProblemCode};

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn audit_log_is_paged_for_moderators() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    for number in 0..60 {
        ada.update_settings(&tea, &json!({ "topic": format!("{number}") })).await.assert_status(200);
    }
    let path = format!("/api/chats/{tea}/audit/");
    brian.get(&path).await.assert_problem(ProblemCode::Forbidden);
    app.create_user("eve").await.get(&path).await.assert_problem(ProblemCode::ChatNotFound);
    ada.set_role(&tea, &brian, Role::Moderator).await.assert_status(200);
    let newest: AuditLogResponse = brian.get(&path).await.assert_status(200).json();
    assert_eq!((newest.entries.len(), newest.earlier), (50, true));
    let last = newest.entries.last().unwrap().id;
    let rest: AuditLogResponse = brian.get(&format!("{path}?before={last}")).await.assert_status(200).json();
    assert_eq!((rest.entries.len(), rest.earlier), (11, false));
    let ids: Vec<_> = newest.entries.iter().chain(&rest.entries).map(|entry| entry.id).collect();
    assert!(ids.is_sorted_by(|newer, older| newer > older), "{ids:?}");
    assert_eq!(newest.entries[0].user.as_ref().map(|user| user.id), Some(ada.id));
    brian.get(&format!("{path}?before=soon")).await.assert_problem(ProblemCode::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_log_is_append_only() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.update_settings(&tea, &json!({ "name": "Tea" })).await.assert_status(200);
    let sql = app.sql().await;
    for statement in ["UPDATE audit_log SET user_id = NULL", "DELETE FROM audit_log", "TRUNCATE audit_log"] {
        let rejected = sql.batch_execute(statement).await.expect_err("it is refused");
        let why = rejected.as_db_error().map(ToString::to_string).unwrap_or_default();
        assert!(why.contains("append-only"), "{statement}: {why}");
    }
    assert_eq!(app.query_count("SELECT count(*) FROM audit_log WHERE user_id IS NOT NULL").await, 1);
}
