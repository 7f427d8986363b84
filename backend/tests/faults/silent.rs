//! Two hundred who never read, beside twenty who do.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use shared::socket::ServerFrame;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::{line::Line, people::Person, place::Place};

const SILENT: usize = 200;
const HEALTHY: usize = 20;
const MESSAGES: usize = 400;
const EVERY: Duration = Duration::from_millis(20);
/// A client that takes nothing for 20 s is gone; the server looks now and then.
const CUT_OFF_WITHIN: Duration = Duration::from_mins(1);
const MEMORY_MAX: u64 = 32 * 1024;

/// How long each message took to each reader, sorted.
struct Latencies(Vec<Duration>);

impl Latencies {
    fn p99(&self) -> Duration {
        self.0[self.0.len() * 99 / 100]
    }
}

/// Says things at a fixed rate; every healthy reader must hear each of them once, in order.
async fn latencies(place: &Place, writer: &Person, uri: &str, readers: &[Person]) -> Latencies {
    let mut lines = Vec::new();
    for person in readers {
        let mut line = Line::open(person).await.unwrap();
        line.subscribes(uri, None).await.unwrap();
        line.hears_changes().await.unwrap();
        lines.push(line);
    }
    let start = Instant::now();
    let listening = lines.into_iter().map(|line| tokio::spawn(listen(line, start)));
    let listening: Vec<_> = listening.collect();
    let mut line = Line::open(&writer.over(place.address())).await.unwrap();
    let mut ticks = tokio::time::interval(EVERY);
    for number in 0..MESSAGES {
        ticks.tick().await;
        let text = format!("{number} {} {}", start.elapsed().as_micros(), "tea ".repeat(500));
        line.posts(uri, Uuid::new_v4(), &text).await.unwrap();
        assert!(matches!(line.hears().await.unwrap(), ServerFrame::Posted { .. }));
    }
    let heard = timeout(Duration::from_secs(20), join_all(listening)).await.expect("all is heard in time");
    let mut all: Vec<_> = heard.into_iter().flat_map(Result::unwrap).collect();
    all.sort_unstable();
    assert_eq!(all.len(), MESSAGES * HEALTHY);
    Latencies(all)
}

/// Goes on until every buffer on the way to whoever does not read is full.
async fn chatter(writer: Person, uri: String) {
    let text = "tea ".repeat(1_000);
    loop {
        writer.posts(&uri, Uuid::new_v4(), &text).await.unwrap();
        sleep(EVERY).await;
    }
}

async fn listen(mut line: Line, start: Instant) -> Vec<Duration> {
    let mut heard = Vec::new();
    while heard.len() < MESSAGES {
        let ServerFrame::Changes(changes) = line.hears().await.unwrap() else { continue };
        for message in changes.messages {
            let mut words = message.message.split(' ');
            assert_eq!(words.next(), Some(heard.len().to_string().as_str()), "in order, once");
            let said = Duration::from_micros(words.next().unwrap().parse().unwrap());
            heard.push(start.elapsed().saturating_sub(said));
        }
    }
    heard
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn whoever_never_reads_costs_the_others_nothing_and_is_cut_off() {
    let place = Place::open().await;
    let writer = place.person("ada").await;
    let (tea, coffee) = (writer.starts().await, writer.starts().await);
    let readers = place.people(HEALTHY, "reader").await;
    for uri in [&tea, &coffee] {
        join_all(readers.iter().map(|person| person.joins(uri))).await;
    }
    latencies(&place, &writer, &tea, &readers).await;
    let alone = latencies(&place, &writer, &tea, &readers).await;
    let (memory, files) = (place.server.memory(), place.server.open_files());
    let mute = place.person("mute").await;
    mute.joins(&coffee).await;
    let mut silent = Vec::new();
    for _ in 0..SILENT {
        let mut line = Line::narrow(&mute).await.unwrap();
        line.subscribes(&coffee, None).await.unwrap();
        silent.push(line);
    }
    let since = Instant::now();
    let beside = latencies(&place, &writer, &coffee, &readers).await;
    let chatter = tokio::spawn(chatter(writer, coffee));
    let mut most = place.server.memory();
    while place.server.open_files() > files + SILENT / 20 {
        assert!(since.elapsed() < CUT_OFF_WITHIN, "{} files are still open", place.server.open_files());
        sleep(Duration::from_millis(100)).await;
        most = most.max(place.server.memory());
    }
    chatter.abort();
    let (grown, cut_off) = (most.saturating_sub(memory), since.elapsed());
    println!(
        "{SILENT} who never read: p99 {:.1?} for the {HEALTHY} beside them, {:.1?} without; {grown} KiB more memory; \
         cut off after {cut_off:.1?}",
        beside.p99(),
        alone.p99(),
    );
    assert!(grown < MEMORY_MAX, "{grown} KiB");
    assert!(
        beside.p99() < alone.p99() * 3 + Duration::from_millis(5),
        "{:?}, {:?}",
        beside.p99(),
        alone.p99()
    );
}
