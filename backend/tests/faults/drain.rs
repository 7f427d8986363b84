//! The server is asked to end while people talk.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use shared::socket::{ServerFrame, close};
use tokio::time::{sleep, timeout};

use crate::{
    line::Line,
    load::{Figures, Load},
    place::Place,
    writer::Way,
};

const LISTENERS: usize = 50;
const ENDED_WITHIN: Duration = Duration::from_secs(25);

/// Listens to the end; returns whether there was a goodbye with a time to come back, and the code of the close.
async fn listen(mut line: Line) -> (bool, Option<u16>) {
    let mut goodbye = false;
    while let Ok(frame) = line.hears().await {
        goodbye |= matches!(frame, ServerFrame::Goodbye { retry_after: Some(_), .. });
    }
    (goodbye, line.closed_with)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn a_server_that_is_asked_to_end_says_goodbye_and_keeps_what_it_acknowledged() {
    let mut place = Place::open().await;
    let ways = [Way::Rest, Way::Rest, Way::Rest, Way::Socket(8), Way::Socket(8), Way::Socket(8)];
    let writers: Vec<_> = place.people(ways.len(), "writer").await.into_iter().zip(ways).collect();
    let readers = place.people(5, "reader").await;
    let load = Load::start(&writers, &readers, Duration::from_millis(5)).await;
    let mut listening = Vec::new();
    for _ in 0..LISTENERS {
        let mut line = Line::open(&readers[0]).await.unwrap();
        line.subscribes(load.uri(), None).await.unwrap();
        listening.push(tokio::spawn(listen(line)));
    }
    sleep(Duration::from_secs(2)).await;
    let since = Instant::now();
    place.server.terminate();
    let status = timeout(ENDED_WITHIN, place.server.ended()).await.expect("it ends in time");
    let took = since.elapsed();
    assert_eq!(status.code(), Some(0));
    let ends = timeout(ENDED_WITHIN, join_all(listening)).await.expect("no line outlives the server");
    let ends: Vec<_> = ends.into_iter().map(Result::unwrap).collect();
    place.server.start_again().await;
    let Figures { messages, retries, .. } = load.settle(&place).await;
    println!(
        "SIGTERM: ended after {took:.1?}; {messages} messages acknowledged and kept, {retries} said again to the next \
         server"
    );
    let polite = ends.iter().filter(|end| **end == (true, Some(close::RESTARTING))).count();
    assert_eq!(polite, LISTENERS, "goodbye and 1012 for everyone: {ends:?}");
}
