//! The server gets SIGTERM while clients write and read.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use shared::socket::{ServerFrame, close};
use tokio::time::{sleep, timeout};

use crate::{
    fixture::Fixture,
    flaky_connection::FlakyConnection,
    load::{Figures, Load},
    writer::Transport,
};

const LISTENERS: usize = 50;
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(25);

/// Reads until the connection ends; returns whether a goodbye named a retry time, and the close code.
async fn read_to_end(mut connection: FlakyConnection) -> (bool, Option<u16>) {
    let mut has_goodbye = false;
    while let Ok(frame) = connection.recv().await {
        has_goodbye |= matches!(frame, ServerFrame::Goodbye { retry_after: Some(_), .. });
    }
    (has_goodbye, connection.close_code)
}

async fn start_load(fixture: &Fixture) -> Load {
    let transports = [[Transport::Rest; 3], [Transport::Socket(8); 3]].concat();
    let users = fixture.create_users(transports.len(), "writer").await;
    let writers: Vec<_> = users.into_iter().zip(transports).collect();
    let readers = fixture.create_users(5, "reader").await;
    Load::start(&writers, &readers, Duration::from_millis(5)).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn terminated_server_keeps_acknowledged_messages() {
    let mut fixture = Fixture::start().await;
    let load = start_load(&fixture).await;
    let user = fixture.create_user("listener").await;
    user.join(&load.chat).await;
    let mut listeners = Vec::new();
    for _ in 0..LISTENERS {
        let mut connection = FlakyConnection::open(&user).await.unwrap();
        connection.subscribe(load.chat.id, None).await.unwrap();
        listeners.push(tokio::spawn(read_to_end(connection)));
    }
    sleep(Duration::from_secs(2)).await;
    let start = Instant::now();
    fixture.server.terminate();
    let status = timeout(SHUTDOWN_TIMEOUT, fixture.server.wait()).await.expect("shutdown in time");
    let duration = start.elapsed();
    assert_eq!(status.code(), Some(0));
    let ends = timeout(SHUTDOWN_TIMEOUT, join_all(listeners)).await.expect("all connections are closed");
    let ends: Vec<_> = ends.into_iter().map(Result::unwrap).collect();
    fixture.server.restart().await;
    let Figures { messages, retries, .. } = load.finish(&fixture).await;
    println!(
        "SIGTERM: ended after {duration:.1?}; {messages} messages acknowledged and kept, {retries} retries"
    );
    let graceful = ends.iter().filter(|end| **end == (true, Some(close::SERVICE_RESTART))).count();
    assert_eq!(graceful, LISTENERS, "goodbye and 1012 for all: {ends:?}");
}
