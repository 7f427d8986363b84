//! The line between a client and the server is dead for a while, in one direction or both, and nobody hangs up.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::sleep;

use crate::{
    load::{Figures, Load},
    place::Place,
    proxy::{
        OPEN, Proxy,
        Way::{self, Held, Open},
        Ways,
    },
    writer,
};

const DIRECTIONS: [(&str, Way, Way); 3] =
    [("to the server", Held, Open), ("to the client", Open, Held), ("both ways", Held, Held)];

/// Ada is near and eve is far; both write, by socket and without, and both read.
async fn cut_for(place: &Place, seconds: u64, (name, to_server, to_client): (&str, Way, Way)) {
    let proxy = Proxy::before(place.address()).await;
    let people = place.people(6, "person").await;
    let far = |number: usize| people[number].over(proxy.address);
    let writers = [
        (people[0].clone(), writer::Way::Rest),
        (far(1), writer::Way::Rest),
        (people[2].clone(), writer::Way::Socket(3)),
        (far(3), writer::Way::Socket(3)),
    ];
    let readers = [people[4].clone(), far(5)];
    let load = Load::start(&writers, &readers, Duration::from_millis(200)).await;
    sleep(Duration::from_secs(2)).await;
    proxy.set(Ways { to_server, to_client });
    sleep(Duration::from_secs(seconds)).await;
    proxy.set(OPEN);
    sleep(Duration::from_secs(2)).await;
    let Figures { messages, retries, .. } = load.settle(place).await;
    println!("cut {name} for {seconds} s: {messages} messages once and in order, {retries} said again");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn whatever_way_a_line_is_cut_all_arrives_once_and_in_order() {
    let place = Place::open().await;
    let cuts = [1, 10, 60].into_iter().flat_map(|seconds| DIRECTIONS.map(|direction| (seconds, direction)));
    join_all(cuts.map(|(seconds, direction)| cut_for(&place, seconds, direction))).await;
}
