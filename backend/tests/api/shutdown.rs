//! Graceful shutdown: accepted posts are stored and answered, and no more are accepted.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::future::{join, join_all};
use serde_json::json;
use shared::{
    problem::ProblemCode,
    socket::{ServerFrame, close},
};
use tokio::{sync::Semaphore, time::timeout};
use uuid::Uuid;

use crate::support::{TestApp, TestUser};

/// Longest time for the posts and the shutdown.
const STOPPED_WITHIN: Duration = Duration::from_mins(1);

/// Posts until a post is rejected or not answered; returns the acknowledged client ids.
async fn post_until_refused(user: &TestUser, uri: &str, posted: &Semaphore) -> Vec<Uuid> {
    let mut acknowledged = Vec::new();
    loop {
        let id = Uuid::new_v4();
        let post = json!({ "message": "tea?", "client_id": id });
        let request = user.post(&format!("/api/chats/{uri}/messages/")).json(&post);
        let Ok(response) = request.open().await else { break };
        match response.status().as_u16() {
            200 => acknowledged.push(id),
            503 => {
                assert!(response.headers().contains_key("retry-after"));
                break;
            }
            other => panic!("{other}"),
        }
        posted.add_permits(1);
    }
    // No more posts follow: wake the waiting task.
    posted.close();
    acknowledged
}

async fn stored_client_ids(app: &TestApp) -> HashSet<Uuid> {
    let rows = app.sql().await.query("SELECT client_id::text FROM messages", &[]).await.unwrap();
    rows.iter().map(|row| row.get::<_, &str>(0).parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_stores_or_rejects_every_post() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    let posted = Arc::new(Semaphore::new(0));
    let posting = join_all((0..8).map(|number| {
        let uri = if number % 2 == 0 { &tea } else { &coffee };
        post_until_refused(&ada, uri, &posted)
    }));
    let stopping = async {
        posted.acquire_many(50).await.expect("posts continue until the shutdown").forget();
        app.shut_down().await;
    };
    let both = timeout(STOPPED_WITHIN, join(posting, stopping)).await;
    let (acknowledged, ()) = both.expect("the server stops in time");
    let acknowledged: HashSet<_> = acknowledged.into_iter().flatten().collect();
    assert!(acknowledged.len() >= 50);
    assert_eq!(stored_client_ids(&app).await, acknowledged, "rejected posts are not stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_answers_socket_posts_before_goodbye() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut listener = ada.open_socket().await;
    let ids: Vec<_> = (0..200).map(|_| Uuid::new_v4()).collect();
    for id in &ids {
        listener.post_message(tea.id, *id, "tea?").await;
    }
    assert!(
        matches!(listener.recv_event().await, ServerFrame::Posted { client_id, .. } if client_id == ids[0])
    );
    let hearing = async {
        let (mut posted, mut rejected) = (HashSet::from([ids[0]]), HashSet::new());
        loop {
            match listener.recv_event().await {
                ServerFrame::Posted { client_id, .. } => posted.insert(client_id),
                ServerFrame::Refused { client_id, problem, .. } => {
                    assert_eq!(problem.code, ProblemCode::Busy);
                    rejected.insert(client_id.unwrap())
                }
                ServerFrame::Goodbye { .. } => break,
                other => panic!("{other:?}"),
            };
        }
        assert_eq!(listener.recv_close().await, close::SERVICE_RESTART);
        (posted, rejected)
    };
    let ((posted, rejected), ()) = join(hearing, app.shut_down()).await;
    assert_eq!(stored_client_ids(&app).await, posted);
    assert!(posted.is_disjoint(&rejected));
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_server_is_healthy_but_not_ready() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let eve = app.create_user("eve").await;
    let mut listener = ada.open_socket().await;
    app.http.get("/readyz").await.assert_status(200);
    app.state.ingest.drain().await;
    app.http.get("/readyz").await.assert_problem(ProblemCode::Busy);
    app.http.get("/healthz").await.assert_status(200);
    ada.try_send_message(&tea, "too late").await.assert_problem(ProblemCode::Busy);
    eve.try_join(&tea).await.assert_problem(ProblemCode::Busy);
    listener.post_message(tea.id, Uuid::nil(), "too late").await;
    let rejection = listener.recv_rejection().await;
    assert_eq!((rejection.client_id, rejection.problem.code), (Some(Uuid::nil()), ProblemCode::Busy));
    assert!(ada.history(&tea, "").await.messages.is_empty(), "reading still works");
}
