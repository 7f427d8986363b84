//! Two hundred clients that never read, beside twenty that do.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use shared::socket::ServerFrame;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::{
    fixture::Fixture,
    flaky_connection::FlakyConnection,
    user::{TestChat, TestUser},
};

const STALLED: usize = 200;
const HEALTHY: usize = 20;
const MESSAGES: usize = 400;
const INTERVAL: Duration = Duration::from_millis(20);
/// The server disconnects a client that reads nothing for 20 s; it checks periodically.
const DISCONNECT_TIMEOUT: Duration = Duration::from_mins(1);
const MEMORY_MAX_KIB: u64 = 32 * 1024;

/// Sorted delivery times of each message to each reader.
struct Latencies(Vec<Duration>);

impl Latencies {
    fn p99(&self) -> Duration {
        self.0[self.0.len() * 99 / 100]
    }
}

/// Sends messages at a fixed rate; every healthy reader must receive each of them once and in order.
async fn measure_latencies(
    fixture: &Fixture,
    writer: &TestUser,
    chat: &TestChat,
    readers: &[TestUser],
) -> Latencies {
    let mut connections = Vec::new();
    for user in readers {
        let mut connection = FlakyConnection::open(user).await.unwrap();
        connection.subscribe(chat.id, None).await.unwrap();
        connection.recv_changes().await.unwrap();
        connections.push(connection);
    }
    let start = Instant::now();
    let reading = connections.into_iter().map(|connection| tokio::spawn(read(connection, start)));
    let reading: Vec<_> = reading.collect();
    let user = writer.with_address(fixture.address());
    let mut connection = FlakyConnection::open(&user).await.unwrap();
    let mut ticks = tokio::time::interval(INTERVAL);
    for number in 0..MESSAGES {
        ticks.tick().await;
        let text = format!("{number} {} {}", start.elapsed().as_micros(), "tea ".repeat(500));
        connection.post_message(chat.id, Uuid::new_v4(), &text).await.unwrap();
        assert!(matches!(connection.recv().await.unwrap(), ServerFrame::Posted { .. }));
    }
    let read = timeout(Duration::from_secs(20), join_all(reading)).await.expect("all is received in time");
    let mut all: Vec<_> = read.into_iter().flat_map(Result::unwrap).collect();
    all.sort_unstable();
    assert_eq!(all.len(), MESSAGES * HEALTHY);
    Latencies(all)
}

/// Sends messages without end, so that every buffer on the way to a stalled client fills up.
async fn send_endlessly(writer: TestUser, chat: TestChat) {
    let text = "tea ".repeat(1_000);
    loop {
        writer.try_send_message(&chat, Uuid::new_v4(), &text).await.unwrap();
        sleep(INTERVAL).await;
    }
}

async fn read(mut connection: FlakyConnection, start: Instant) -> Vec<Duration> {
    let mut latencies = Vec::new();
    while latencies.len() < MESSAGES {
        let ServerFrame::Changes(changes) = connection.recv().await.unwrap() else { continue };
        for message in changes.messages {
            let mut words = message.message.split(' ');
            assert_eq!(words.next(), Some(latencies.len().to_string().as_str()), "once and in order");
            let sent = Duration::from_micros(words.next().unwrap().parse().unwrap());
            latencies.push(start.elapsed().saturating_sub(sent));
        }
    }
    latencies
}

async fn open_stalled(fixture: &Fixture, chat: &TestChat) -> Vec<FlakyConnection> {
    let user = fixture.create_user("stalled").await;
    user.join(chat).await;
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        let mut connection = FlakyConnection::open_with_small_buffer(&user).await.unwrap();
        connection.subscribe(chat.id, None).await.unwrap();
        stalled.push(connection);
    }
    stalled
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn stalled_readers_cost_nothing_and_are_disconnected() {
    let fixture = Fixture::start().await;
    let writer = fixture.create_user("ada").await;
    let (tea, coffee) = (writer.create_chat().await, writer.create_chat().await);
    let readers = fixture.create_users(HEALTHY, "reader").await;
    for chat in [&tea, &coffee] {
        join_all(readers.iter().map(|user| user.join(chat))).await;
    }
    // Warm up.
    measure_latencies(&fixture, &writer, &tea, &readers).await;
    let alone = measure_latencies(&fixture, &writer, &tea, &readers).await.p99();
    let (memory_kib, files) = (fixture.server.memory_kib(), fixture.server.open_files());
    let stalled = open_stalled(&fixture, &coffee).await;
    let start = Instant::now();
    let beside = measure_latencies(&fixture, &writer, &coffee, &readers).await.p99();
    let sending = tokio::spawn(send_endlessly(writer, coffee));
    let mut most = fixture.server.memory_kib();
    while fixture.server.open_files() > files + STALLED / 20 {
        let open = fixture.server.open_files();
        assert!(start.elapsed() < DISCONNECT_TIMEOUT, "{open} files are still open");
        sleep(Duration::from_millis(100)).await;
        most = most.max(fixture.server.memory_kib());
    }
    sending.abort();
    drop(stalled);
    let (grown_kib, disconnected_in) = (most.saturating_sub(memory_kib), start.elapsed());
    println!(
        "{STALLED} stalled readers: p99 {beside:.1?} for {HEALTHY} others, {alone:.1?} without; {grown_kib} KiB more \
         memory; disconnected after {disconnected_in:.1?}"
    );
    assert!(grown_kib < MEMORY_MAX_KIB, "{grown_kib} KiB");
    assert!(beside < alone * 3 + Duration::from_millis(5), "{beside:?}, {alone:?}");
}
