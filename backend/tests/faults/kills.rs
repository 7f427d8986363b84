//! The server or PostgreSQL is killed (SIGKILL) while clients write and read.

use std::{
    fs::File,
    time::{Duration, Instant},
};

use rand::RngExt;
use shared::{
    data_export::{DataExport, ExportState},
    message::Message,
};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::{
    fixture::Fixture,
    load::{Figures, Load},
    user::{TestChat, TestUser},
    writer::Transport,
};

const CHATS: usize = 3;
const EXPORT_TIMEOUT: Duration = Duration::from_mins(2);

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
pub async fn random_pause() {
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
async fn killed_server_resumes_its_export() {
    let mut fixture = Fixture::start().await;
    let ada = fixture.create_user("ada").await;
    let tea = ada.create_chat().await;
    let messages = "INSERT INTO messages (chat_id, user_id, client_id, message, seq, revision, created_at) \
        SELECT $1, $2, gen_random_uuid(), 'leaf ' || n, n, n, now() FROM generate_series(2, 30000) AS n";
    let sql = fixture.sql().await;
    sql.execute(messages, &[&tea.id.get(), &ada.id.get()]).await.unwrap();
    sql.execute("UPDATE chats SET head = 30000", &[]).await.unwrap();
    let id = ada.start_export(&tea).await.id;
    let is_under_way = |export: &DataExport| export.state == ExportState::Running && export.done > 1_000;
    let started = wait_for_export(&ada, &tea, id, is_under_way).await;
    fixture.server.kill().await;
    fixture.server.restart().await;
    let is_ended = |export: &DataExport| !matches!(export.state, ExportState::Waiting | ExportState::Running);
    let export = wait_for_export(&ada, &tea, id, is_ended).await;
    assert_eq!((export.state, export.done, export.total), (ExportState::Ready, 29_999, 29_999));
    let file = fixture.server.data_dir.join(format!("exports/{id}.zip"));
    let mut archive = zip::ZipArchive::new(File::open(file).unwrap()).unwrap();
    let messages: Vec<Message> = serde_json::from_reader(archive.by_name("messages.json").unwrap()).unwrap();
    assert_eq!(messages.len(), 29_999);
    println!(
        "killed after {} of {} messages; the export was completed after the restart",
        started.done, started.total
    );
}

async fn wait_for_export(
    user: &TestUser,
    chat: &TestChat,
    id: Uuid,
    is_awaited: impl Fn(&DataExport) -> bool,
) -> DataExport {
    let waiting = async {
        loop {
            match user.get_export(chat, id).await {
                Ok(export) if is_awaited(&export) => return export,
                _ => tokio::task::yield_now().await,
            }
        }
    };
    timeout(EXPORT_TIMEOUT, waiting).await.expect("the export gets there in time")
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
