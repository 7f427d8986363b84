//! The server without its database, and with one that does not answer.

use std::{future::IntoFuture, time::Duration};

use futures_util::future::join_all;
use serde_json::json;
use shared::{problem::ProblemCode, socket::ServerFrame};
use tokio::time::timeout;

use crate::{
    app::{Answer, Call, PASSWORD, TestApp},
    database,
    listener::BOUND,
    proxy::Proxy,
};

/// Its database stands behind a proxy.
async fn app_behind() -> (TestApp, Proxy) {
    let database = database::fresh().await;
    let proxy = Proxy::before(&database).await;
    let app = TestApp::on(database, proxy.url(), |_| ()).await;
    (app, proxy)
}

/// Refused as passing, with the time after which to come back, and in time.
async fn is_told_to_come_back(call: Call) {
    let answer: Answer = timeout(BOUND, call).await.expect("no hang");
    let seconds: u64 = answer.header("retry-after").parse().unwrap_or_else(|_| panic!("{answer:?}"));
    assert_eq!(answer.refused(ProblemCode::Busy).retry_after, Some(seconds));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_the_server_says_so_and_lives() {
    let (app, proxy) = app_behind().await;
    let (ada, tea) = app.tea().await;
    let warm = join_all((0..10).map(|_| ada.says(&tea, "before"))).await;
    assert_eq!(warm.len(), 10);
    proxy.cut();
    let sign_in = json!({ "username": "ada", "password": PASSWORD });
    // More often than there are connections in the pool, so that none of the dead is counted on.
    for _ in 0..8 {
        is_told_to_come_back(ada.get(&format!("/api/chats/{tea}/changes/"))).await;
        is_told_to_come_back(ada.say(&tea, "during")).await;
        is_told_to_come_back(ada.get(&format!("/api/chats/{tea}/messages/"))).await;
        is_told_to_come_back(app.web.post("/auth/jwt/create/").json(&sign_in)).await;
    }
    app.web.get("/healthz").await.is(200);
    proxy.mend();
    ada.says(&tea, "after").await;
    let texts: Vec<_> = ada.history(&tea, "").await.messages.into_iter().map(|m| m.message).collect();
    assert_eq!(texts[9..], ["before", "after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_silent_the_server_says_that_it_is_well_and_loses_nothing() {
    let (app, proxy) = app_behind().await;
    let (ada, tea) = app.tea().await;
    ada.says(&tea, "before").await;
    proxy.fall_silent();
    let waiting = tokio::spawn(ada.say(&tea, "during").into_future());
    for _ in 0..10 {
        let health = timeout(Duration::from_secs(5), app.web.get("/healthz")).await;
        assert_eq!(health.expect("no hang").status, 200);
    }
    assert!(!waiting.is_finished());
    proxy.mend();
    timeout(BOUND, waiting).await.expect("no hang").unwrap().is(200);
    assert_eq!(ada.history(&tea, "").await.messages.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_used_up_is_no_fault() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut held = Vec::new();
    while let Ok(connection) = timeout(Duration::from_secs(1), app.app.db.get()).await {
        held.push(connection.unwrap());
        assert!(held.len() <= 100, "there is a bound");
    }
    is_told_to_come_back(ada.get(&format!("/api/chats/{tea}/changes/"))).await;
    app.web.get("/healthz").await.is(200);
    held.clear();
    ada.says(&tea, "tea?").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_is_locked_holds_up_no_other() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let others = [ada.starts().await, ada.starts().await, ada.starts().await];
    let mut holder = app.sql().await;
    let lock = holder.transaction().await.unwrap();
    lock.execute("SELECT * FROM chats WHERE uri = $1 FOR UPDATE", &[&tea]).await.unwrap();
    let waiting = tokio::spawn(ada.say(&tea, "later").into_future());
    for uri in &others {
        let said = timeout(Duration::from_secs(2), ada.says(uri, "now")).await;
        assert_eq!(said.expect("others go on").stored.seq, 2);
    }
    lock.rollback().await.unwrap();
    let answer = waiting.await.unwrap();
    assert!([200, 503].contains(&answer.status), "{answer:?}");
}

/// Whoever was told to read for themselves must hear what comes when the database is back, however often it failed.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_listened_all_the_while_hears_what_is_said_after_an_outage() {
    let (app, proxy) = app_behind().await;
    let (ada, tea) = app.tea().await;
    let mut listener = ada.listens_to(&tea).await;
    ada.says(&tea, "before").await;
    listener.hears_changes().await;
    proxy.cut();
    for _ in 0..3 {
        is_told_to_come_back(ada.say(&tea, "during")).await;
        assert_eq!(listener.hears().await, ServerFrame::Resync { uri: tea.clone() });
    }
    proxy.mend();
    ada.says(&tea, "after").await;
    let changes = listener.hears_changes().await;
    assert_eq!(changes.messages.last().unwrap().message, "after");
}
