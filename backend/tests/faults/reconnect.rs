//! All clients reconnect at once after a restart.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use shared::{changes::ChangesQuery, id::ChatId};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    fixture::Fixture,
    flaky_connection::FlakyConnection,
    user::{TestChat, TestUser},
};

const SOCKETS: usize = 2_000;
const RECONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Every socket is a file, here and in the server, which inherits the limit.
fn raise_file_limit() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}

async fn connect(
    user: TestUser,
    chat_id: ChatId,
    since: ChangesQuery,
) -> anyhow::Result<(FlakyConnection, ChangesQuery)> {
    let mut connection = FlakyConnection::open(&user).await?;
    connection.subscribe(chat_id, Some(since)).await?;
    let changes = connection.recv_changes().await?;
    Ok((connection, ChangesQuery { after: changes.head, epoch: since.epoch }))
}

/// Connects all at once; none may be rejected.
async fn connect_all(
    users: &[TestUser],
    chat: &TestChat,
    since: ChangesQuery,
) -> Vec<(FlakyConnection, ChangesQuery)> {
    let connecting = (0..SOCKETS).map(|number| {
        let user = users[number % users.len()].clone();
        tokio::spawn(connect(user, chat.id, since))
    });
    let results = timeout(RECONNECT_TIMEOUT, join_all(connecting)).await.expect("all connect in time");
    let (connected, rejected): (Vec<_>, Vec<_>) =
        results.into_iter().map(Result::unwrap).partition(Result::is_ok);
    let first = rejected.first().map(|rejected| format!("{:?}", rejected.as_ref().err()));
    assert!(rejected.is_empty(), "{} of {SOCKETS} were rejected: {first:?}", rejected.len());
    connected.into_iter().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn two_thousand_clients_reconnect_after_restart() {
    raise_file_limit();
    let mut fixture = Fixture::start().await;
    let ada = fixture.create_user("ada").await;
    let chat = ada.create_chat().await;
    let users = fixture.create_users(40, "person").await;
    for user in &users {
        user.join(&chat).await;
    }
    let joined = ada.join(&chat).await;
    let since = ChangesQuery { after: joined.head, epoch: Some(joined.epoch) };
    let start = Instant::now();
    let connections = connect_all(&users, &chat, since).await;
    let connected_in = start.elapsed();
    fixture.server.kill().await;
    drop(connections);
    fixture.server.restart().await;
    // All clients miss this message.
    let missed = ada
        .try_send_message(&chat, Uuid::new_v4(), "while you were away")
        .await
        .unwrap()
        .stored
        .seq
        .as_head();
    let start = Instant::now();
    let connections = connect_all(&users, &chat, since).await;
    let reconnected_in = start.elapsed();
    assert!(connections.iter().all(|(_, since)| since.after == missed), "all got the missed message");
    let start = Instant::now();
    let head = ada.try_send_message(&chat, Uuid::new_v4(), "all here?").await.unwrap().stored.seq.as_head();
    let receive = |(mut connection, _): (FlakyConnection, ChangesQuery)| async move {
        let changes = connection.recv_changes().await.unwrap();
        assert_eq!((changes.after, changes.head), (missed, head));
    };
    let received = join_all(connections.into_iter().map(receive));
    timeout(RECONNECT_TIMEOUT, received).await.expect("all receive it in time");
    print_result(connected_in, reconnected_in, start.elapsed(), fixture.server.memory_kib());
}

fn print_result(connected_in: Duration, reconnected_in: Duration, delivered_in: Duration, memory_kib: u64) {
    println!(
        "{SOCKETS} sockets: connected in {connected_in:.1?}, reconnected in {reconnected_in:.1?} after the restart, \
         none rejected, and received the next post in {delivered_in:.0?}; the server uses {memory_kib} KiB",
    );
}
