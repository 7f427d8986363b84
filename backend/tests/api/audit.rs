//! The audit of a chat.

use serde_json::json;
use shared::{audit::Audit, member::Role, problem::ProblemCode};

use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_comes_in_pages_to_those_who_keep_the_chat() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    for number in 0..60 {
        ada.set(&tea, &json!({ "topic": format!("{number}") })).await.is(200);
    }
    let path = format!("/api/chats/{tea}/audit/");
    brian.get(&path).await.refused(ProblemCode::Forbidden);
    app.person("eve").await.get(&path).await.refused(ProblemCode::ChatNotFound);
    ada.give_role(&tea, &brian, Role::Moderator).await.is(200);
    let newest: Audit = brian.get(&path).await.is(200).read();
    assert_eq!((newest.entries.len(), newest.earlier), (50, true));
    let last = newest.entries.last().unwrap().id;
    let rest: Audit = brian.get(&format!("{path}?before={last}")).await.is(200).read();
    assert_eq!((rest.entries.len(), rest.earlier), (11, false));
    let ids: Vec<_> = newest.entries.iter().chain(&rest.entries).map(|entry| entry.id).collect();
    assert!(ids.is_sorted_by(|newer, older| newer > older), "{ids:?}");
    assert_eq!(newest.entries[0].user.as_ref().map(|user| user.id), Some(ada.id));
    brian.get(&format!("{path}?before=soon")).await.refused(ProblemCode::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_the_audit_is_altered() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    ada.set(&tea, &json!({ "name": "Tea" })).await.is(200);
    let sql = app.sql().await;
    for statement in ["UPDATE audit SET user_id = NULL", "DELETE FROM audit", "TRUNCATE audit"] {
        let refused = sql.batch_execute(statement).await.expect_err("it is refused");
        let why = refused.as_db_error().map(ToString::to_string).unwrap_or_default();
        assert!(why.contains("only ever added to"), "{statement}: {why}");
    }
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE user_id IS NOT NULL").await, 1);
}
