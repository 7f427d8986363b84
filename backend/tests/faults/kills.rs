//! `kill -9`, again and again, while people talk.

use std::time::{Duration, Instant};

use rand::RngExt;
use tokio::time::sleep;

use crate::{
    load::{Figures, Load},
    place::Place,
    writer::Way,
};

const CHATS: usize = 3;

/// Four write in each chat, two of them by the socket, and five read.
async fn load(place: &Place) -> Vec<Load> {
    let mut loads = Vec::new();
    for _ in 0..CHATS {
        let ways = [Way::Rest, Way::Socket(4), Way::Rest, Way::Socket(8)];
        let writers: Vec<_> = place.people(ways.len(), "writer").await.into_iter().zip(ways).collect();
        let readers = place.people(5, "reader").await;
        loads.push(Load::start(&writers, &readers, Duration::from_millis(60)).await);
    }
    loads
}

async fn settle(what: &str, kills: usize, place: &Place, loads: Vec<Load>) {
    let mut all = Figures::default();
    for load in loads {
        all = all.and(load.settle(place).await);
    }
    let Figures { messages, retries, deliveries, connections } = all;
    assert!(retries > 0, "nobody was hit");
    println!(
        "{what} killed {kills} times: {messages} messages acknowledged, {retries} said again, {deliveries} deliveries, \
         {connections} connections; none lost, doubled or out of order"
    );
}

/// At any moment: while nothing is there yet, in the midst of it, or long after.
async fn a_while() {
    let while_ = rand::rng().random_range(100..1_200);
    sleep(Duration::from_millis(while_)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn the_server_is_killed_twenty_times() {
    let mut place = Place::open().await;
    let loads = load(&place).await;
    for _ in 0..20 {
        a_while().await;
        place.server.kill().await;
        place.server.start_again().await;
    }
    a_while().await;
    settle("the server", 20, &place, loads).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn the_server_is_killed_with_a_database_of_its_own() {
    let mut place = Place::with_private_database().await;
    let loads = load(&place).await;
    for _ in 0..4 {
        a_while().await;
        place.server.kill().await;
        place.server.start_again().await;
    }
    a_while().await;
    settle("the server with its own PostgreSQL", 4, &place, loads).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn postgresql_is_killed_ten_times() {
    let mut place = Place::open().await;
    let loads = load(&place).await;
    let mut longest = Duration::ZERO;
    for _ in 0..10 {
        a_while().await;
        let cluster = place.cluster.as_mut().unwrap();
        cluster.kill().await;
        let since = Instant::now();
        cluster.start_again().await;
        longest = longest.max(since.elapsed());
        a_while().await;
    }
    println!("PostgreSQL took {longest:.1?} at most to come back");
    settle("PostgreSQL", 10, &place, loads).await;
}
