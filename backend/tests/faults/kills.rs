//! The server or PostgreSQL is killed (SIGKILL) while clients write and read.

use std::time::{Duration, Instant};

use rand::RngExt;
use tokio::time::sleep;

use crate::{
    fixture::Fixture,
    load::{Figures, Load},
    writer::Transport,
};

const CHATS: usize = 3;

/// Each chat has two writers over REST, two over WebSockets, and five readers.
async fn start_loads(fixture: &Fixture) -> Vec<Load> {
    let mut loads = Vec::new();
    for _ in 0..CHATS {
        let transports = [Transport::Rest, Transport::Socket(4), Transport::Rest, Transport::Socket(8)];
        let users = fixture.create_users(transports.len(), "writer").await;
        let writers: Vec<_> = users.into_iter().zip(transports).collect();
        let readers = fixture.create_users(5, "reader").await;
        loads.push(Load::start(&writers, &readers, Duration::from_millis(60)).await);
    }
    loads
}

async fn finish_loads(killed: &str, kills: usize, fixture: &Fixture, loads: Vec<Load>) {
    let mut total = Figures::default();
    for load in loads {
        total = total.plus(load.finish(fixture).await);
    }
    let Figures { messages, retries, deliveries, connections } = total;
    assert!(retries > 0, "no request was hit");
    println!(
        "{killed} killed {kills} times: {messages} messages acknowledged, {retries} retries, {deliveries} deliveries, \
         {connections} connections; none lost, repeated or reordered"
    );
}

/// Waits for a random time, so that a kill hits a start, the load, or a quiet moment.
async fn random_pause() {
    let milliseconds = rand::rng().random_range(100..1_200);
    sleep(Duration::from_millis(milliseconds)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn killed_server_loses_nothing() {
    let mut fixture = Fixture::start().await;
    let loads = start_loads(&fixture).await;
    for _ in 0..20 {
        random_pause().await;
        fixture.server.kill().await;
        fixture.server.restart().await;
    }
    random_pause().await;
    finish_loads("the server", 20, &fixture, loads).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn killed_server_with_private_database_loses_nothing() {
    let mut fixture = Fixture::start_with_private_database().await;
    let loads = start_loads(&fixture).await;
    for _ in 0..4 {
        random_pause().await;
        fixture.server.kill().await;
        fixture.server.restart().await;
    }
    random_pause().await;
    finish_loads("the server with a private PostgreSQL", 4, &fixture, loads).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn killed_postgresql_loses_nothing() {
    let mut fixture = Fixture::start().await;
    let loads = start_loads(&fixture).await;
    let mut longest = Duration::ZERO;
    for _ in 0..10 {
        random_pause().await;
        let cluster = fixture.cluster.as_mut().unwrap();
        cluster.kill().await;
        let start = Instant::now();
        cluster.restart().await;
        longest = longest.max(start.elapsed());
        random_pause().await;
    }
    println!("PostgreSQL took at most {longest:.1?} to restart");
    finish_loads("PostgreSQL", 10, &fixture, loads).await;
}
