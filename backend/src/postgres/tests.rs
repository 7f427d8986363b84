//! A real PostgreSQL, started, stopped and killed.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

use super::*;

/// A folder that the user `postgres` can reach, as an operator's is.
fn data_dir() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
    folder
}

async fn connect(cluster: &Cluster) -> Client {
    let (client, connection) = tokio_postgres::connect(cluster.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn words_of_failed_start(folder: &Path) -> String {
    start(folder).await.err().expect("the start fails").to_string()
}

/// The folder in which every process of the cluster works, as the kernel names it.
fn cluster_in(folder: &Path) -> PathBuf {
    folder.canonicalize().unwrap().join("postgres")
}

fn first_process(folder: &Path) -> Pid {
    let mark = fs::read_to_string(folder.join("postgres/postmaster.pid")).unwrap();
    Pid::from_raw(mark.lines().next().unwrap().parse().unwrap()).unwrap()
}

/// Another process that holds the cluster of a folder: the test below, run alone.
fn holder(folder: &Path) -> Child {
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["holds_a_cluster_until_it_is_killed", "--ignored"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    holder.stdin.take().unwrap().write_all(folder.to_str().unwrap().as_bytes()).unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    while !folder.join("held").exists() {
        assert!(Instant::now() < deadline, "the holder holds nothing");
        std::thread::sleep(Duration::from_millis(20));
    }
    fs::remove_file(folder.join("held")).unwrap();
    holder
}

#[tokio::test]
#[ignore = "a part of other tests"]
async fn holds_a_cluster_until_it_is_killed() {
    let mut folder = String::new();
    std::io::stdin().read_to_string(&mut folder).unwrap();
    let _cluster = start(Path::new(&folder)).await.unwrap();
    fs::write(Path::new(&folder).join("held"), "").unwrap();
    tokio::time::sleep(Duration::from_mins(1)).await;
}

#[tokio::test]
async fn data_survive_a_stop() {
    let folder = data_dir();
    let cluster = start(folder.path()).await.unwrap();
    let client = connect(&cluster).await;
    client.batch_execute("CREATE TABLE cups (tea text); INSERT INTO cups VALUES ('зелёный')").await.unwrap();
    let socket = cluster.socket.clone();
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o700);
    cluster.stop().await.unwrap();
    assert!(!socket.exists(), "the socket's folder goes");
    assert!(orphans::occupants(&cluster_in(folder.path())).is_empty());

    let cluster = start(folder.path()).await.unwrap();
    let client = connect(&cluster).await;
    let tea: String = client.query_one("SELECT tea FROM cups", &[]).await.unwrap().get(0);
    assert_eq!(tea, "зелёный");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn the_cluster_is_durable_and_private() {
    let folder = data_dir();
    let cluster = start(folder.path()).await.unwrap();
    let client = connect(&cluster).await;
    let expected = [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("listen_addresses", ""),
        ("server_encoding", "UTF8"),
        ("lc_collate", "C.UTF-8"),
    ];
    for (name, value) in expected {
        let shown: String = client.query_one(&format!("SHOW {name}"), &[]).await.unwrap().get(0);
        assert_eq!(shown, value, "{name}");
    }
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_server_is_refused_and_the_first_goes_on() {
    let folder = data_dir();
    let cluster = start(folder.path()).await.unwrap();
    let words = words_of_failed_start(folder.path()).await;
    assert!(words.contains("another server is using"), "{words}");
    connect(&cluster).await.batch_execute("SELECT 1").await.unwrap();
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_server_takes_its_postgresql_along() {
    let folder = data_dir();
    let mut holder = holder(folder.path());
    let cluster = cluster_in(folder.path());
    assert!(!orphans::occupants(&cluster).is_empty());
    holder.kill().unwrap();
    holder.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !orphans::occupants(&cluster).is_empty() {
        assert!(Instant::now() < deadline, "PostgreSQL outlives its server");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_next_start_needs_no_help_after_a_crash() {
    let folder = data_dir();
    for _ in 0..3 {
        let mut holder = holder(folder.path());
        let first = first_process(folder.path());
        holder.kill().unwrap();
        // Both at once, so that neither can tidy up.
        kill_process(first, Signal::KILL).unwrap();
        holder.wait().unwrap();
    }
    start(folder.path()).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_mark_with_somebody_elses_number_does_not_stop_a_start() {
    let folder = data_dir();
    start(folder.path()).await.unwrap().stop().await.unwrap();
    let mut other = Account::find().await.unwrap().command(Path::new("sleep")).arg("60").spawn().unwrap();
    let cluster = cluster_in(folder.path());
    let mark = format!("{}\n{}\n1\n5432\n\n\n\nready\n", other.id(), cluster.display());
    fs::write(cluster.join("postmaster.pid"), mark).unwrap();
    start(folder.path()).await.unwrap().stop().await.unwrap();
    assert!(other.try_wait().unwrap().is_none(), "somebody else lives on");
    other.kill().unwrap();
    other.wait().unwrap();
}

#[tokio::test]
async fn an_orphan_is_replaced() {
    let folder = data_dir();
    start(folder.path()).await.unwrap().stop().await.unwrap();
    let account = Account::find().await.unwrap();
    let programs = Programs::find(None).await.unwrap();
    let cluster = cluster_in(folder.path());
    let folders = Folders::open(folder.path(), &account).unwrap();
    let socket = folders.make_socket_folder(&account).unwrap();
    let mut orphan = postmaster::command(&cluster, &socket, &programs, &account);
    let mut orphan = orphan.stderr(Stdio::null()).spawn().unwrap();
    while !cluster.join("postmaster.pid").exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // An orphan has no parent that leaves it unburied: this one has us.
    let burial = std::thread::spawn(move || orphan.wait());
    let heir = start(folder.path()).await.unwrap();
    assert!(burial.join().unwrap().unwrap().success(), "asked, not killed");
    heir.stop().await.unwrap();
}

#[tokio::test]
async fn a_long_path_has_its_socket_elsewhere() {
    let folder = data_dir();
    let long = folder.path().join("d".repeat(120));
    let cluster = start(&long).await.unwrap();
    assert!(!cluster.socket.starts_with(folder.path()));
    connect(&cluster).await.batch_execute("SELECT 1").await.unwrap();
    let socket = cluster.socket.clone();
    cluster.stop().await.unwrap();
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_strange_path_is_no_trouble() {
    let folder = data_dir();
    let cluster = start(&folder.path().join("чай, 100% \"зелёный\"'s@?")).await.unwrap();
    connect(&cluster).await.batch_execute("SELECT 1").await.unwrap();
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_that_bars_the_way_is_named() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = data_dir();
    let barred = folder.path().join("barred");
    DirBuilder::new().mode(0o700).create(&barred).unwrap();
    let words = words_of_failed_start(&barred.join("data")).await;
    assert!(words.contains(&format!("may not enter {}:", barred.display())), "{words}");
    assert!(words.contains("CHATIRE_DATA_DIR"), "{words}");
}

#[tokio::test]
async fn a_failed_start_quotes_the_log() {
    let folder = data_dir();
    start(folder.path()).await.unwrap().stop().await.unwrap();
    fs::write(folder.path().join("postgres/postgresql.conf"), "tea = 'green'\n").unwrap();
    let words = words_of_failed_start(folder.path()).await;
    assert!(
        words.contains("did not start") && words.contains("unrecognized configuration parameter"),
        "{words}"
    );
}

#[tokio::test]
async fn an_end_by_itself_is_told() {
    let folder = data_dir();
    let mut cluster = start(folder.path()).await.unwrap();
    kill_process(first_process(folder.path()), Signal::QUIT).unwrap();
    let words = cluster.ended().await.to_string();
    assert!(words.contains("ended by itself") && words.contains("immediate shutdown"), "{words}");
    cluster.stop().await.unwrap();
}
