//! How the server stops: what it has taken it stores and answers, and it takes nothing more.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::future::{join, join_all};
use serde_json::json;
use shared::{
    problem::ProblemCode,
    socket::{ServerFrame, close},
};
use tokio::{sync::Semaphore, time::timeout};
use uuid::Uuid;

use crate::app::{Person, TestApp};

/// The longest that a stop may take, and what was said before it.
const STOPPED_WITHIN: Duration = Duration::from_mins(1);

/// Posts until it is refused or nobody answers; returns what was acknowledged.
async fn post_to_the_end(person: &Person, uri: &str, begun: &Semaphore) -> Vec<Uuid> {
    let mut acknowledged = Vec::new();
    loop {
        let id = Uuid::new_v4();
        let post = json!({ "message": "tea?", "client_id": id });
        let call = person.post(&format!("/api/chats/{uri}/messages/")).json(&post);
        let Ok(answer) = call.open().await else { break };
        match answer.status().as_u16() {
            200 => acknowledged.push(id),
            503 => {
                assert!(answer.headers().contains_key("retry-after"));
                break;
            }
            other => panic!("{other}"),
        }
        begun.add_permits(1);
    }
    // Whoever still waits for posts waits in vain.
    begun.close();
    acknowledged
}

async fn stored(app: &TestApp) -> HashSet<Uuid> {
    let rows = app.sql().await.query("SELECT client_id::text FROM messages", &[]).await.unwrap();
    rows.iter().map(|row| row.get::<_, &str>(0).parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_post_is_either_stored_and_answered_or_refused() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let coffee = ada.starts().await;
    let begun = Arc::new(Semaphore::new(0));
    let posting = join_all((0..8).map(|number| {
        let uri = if number % 2 == 0 { &tea } else { &coffee };
        post_to_the_end(&ada, uri, &begun)
    }));
    let stopping = async {
        begun.acquire_many(50).await.expect("it is the stop that ends the posts").forget();
        app.stop().await;
    };
    let both = timeout(STOPPED_WITHIN, join(posting, stopping)).await;
    let (acknowledged, ()) = both.expect("the server stops, and says so to everyone");
    let acknowledged: HashSet<_> = acknowledged.into_iter().flatten().collect();
    assert!(acknowledged.len() >= 50);
    assert_eq!(stored(&app).await, acknowledged, "what was refused while stopping was not stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_by_socket_are_answered_before_the_goodbye() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut listener = ada.listens().await;
    let ids: Vec<_> = (0..200).map(|_| Uuid::new_v4()).collect();
    for id in &ids {
        listener.posts(&tea, *id, "tea?").await;
    }
    assert!(matches!(listener.hears().await, ServerFrame::Posted { client_id, .. } if client_id == ids[0]));
    let hearing = async {
        let (mut posted, mut refused) = (HashSet::from([ids[0]]), HashSet::new());
        loop {
            match listener.hears().await {
                ServerFrame::Posted { client_id, .. } => posted.insert(client_id),
                ServerFrame::Refused { client_id, problem, .. } => {
                    assert_eq!(problem.code, ProblemCode::Busy);
                    refused.insert(client_id.unwrap())
                }
                ServerFrame::Goodbye { .. } => break,
                other => panic!("{other:?}"),
            };
        }
        assert_eq!(listener.is_closed_with().await, close::RESTARTING);
        (posted, refused)
    };
    let ((posted, refused), ()) = join(hearing, app.stop()).await;
    assert_eq!(stored(&app).await, posted);
    assert!(posted.is_disjoint(&refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_drains_is_well_but_not_ready() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let eve = app.person("eve").await;
    let mut listener = ada.listens().await;
    app.web.get("/readyz").await.is(200);
    app.app.writer.drain().await;
    app.web.get("/readyz").await.refused(ProblemCode::Busy);
    app.web.get("/healthz").await.is(200);
    ada.say(&tea, "too late").await.refused(ProblemCode::Busy);
    eve.join(&tea).await.refused(ProblemCode::Busy);
    listener.posts(&tea, Uuid::nil(), "too late").await;
    let (client_id, _, problem) = listener.hears_refusal().await;
    assert_eq!((client_id, problem.code), (Some(Uuid::nil()), ProblemCode::Busy));
    assert!(ada.history(&tea, "").await.messages.is_empty(), "reading goes on");
}
