//! The network between a client and the server passes nothing for a while, in one direction or both, and no connection
//! is closed.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::sleep;

use crate::{
    fixture::Fixture,
    load::{Figures, Load},
    proxy::{
        FaultProxy,
        Flow::{self, Held, Open},
        Flows, OPEN,
    },
    writer::Transport,
};

const DIRECTIONS: [(&str, Flow, Flow); 3] =
    [("to the server", Held, Open), ("to the client", Open, Held), ("both ways", Held, Held)];

/// Half of the clients are behind the cut; each half writes over REST and WebSockets, and reads.
async fn cut_for(fixture: &Fixture, seconds: u64, (name, to_server, to_client): (&str, Flow, Flow)) {
    let proxy = FaultProxy::start(fixture.address()).await;
    let users = fixture.create_users(6, "person").await;
    let behind_cut = |number: usize| users[number].with_address(proxy.address);
    let writers = [
        (users[0].clone(), Transport::Rest),
        (behind_cut(1), Transport::Rest),
        (users[2].clone(), Transport::Socket(3)),
        (behind_cut(3), Transport::Socket(3)),
    ];
    let readers = [users[4].clone(), behind_cut(5)];
    let load = Load::start(&writers, &readers, Duration::from_millis(200)).await;
    sleep(Duration::from_secs(2)).await;
    proxy.set(Flows { to_server, to_client });
    sleep(Duration::from_secs(seconds)).await;
    proxy.set(OPEN);
    sleep(Duration::from_secs(2)).await;
    let Figures { messages, retries, .. } = load.finish(fixture).await;
    println!("cut {name} for {seconds} s: {messages} messages once and in order, {retries} retries");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn cut_network_loses_and_reorders_nothing() {
    let fixture = Fixture::start().await;
    let cuts = [1, 10, 60].into_iter().flat_map(|seconds| DIRECTIONS.map(|direction| (seconds, direction)));
    join_all(cuts.map(|(seconds, direction)| cut_for(&fixture, seconds, direction))).await;
}
