//! Tests with a real PostgreSQL.

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

/// A directory that the user `postgres` can enter.
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

async fn start_error(dir: &Path) -> String {
    start(dir).await.err().expect("the start fails").to_string()
}

/// The working directory of the PostgreSQL processes, as the kernel reports it.
fn cluster_dir(folder: &Path) -> PathBuf {
    folder.canonicalize().unwrap().join("postgres")
}

fn postmaster_pid(folder: &Path) -> Pid {
    let pid_file = fs::read_to_string(folder.join("postgres/postmaster.pid")).unwrap();
    Pid::from_raw(pid_file.lines().next().unwrap().parse().unwrap()).unwrap()
}

/// Starts another process that runs the cluster: the ignored test below.
fn spawn_holder(folder: &Path) -> Child {
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["hold_cluster_until_killed", "--ignored"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    holder.stdin.take().unwrap().write_all(folder.to_str().unwrap().as_bytes()).unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    while !folder.join("held").exists() {
        assert!(Instant::now() < deadline, "the holder did not start the cluster");
        std::thread::sleep(Duration::from_millis(20));
    }
    fs::remove_file(folder.join("held")).unwrap();
    holder
}

#[tokio::test]
#[ignore = "run as a child process by other tests"]
async fn hold_cluster_until_killed() {
    let mut folder = String::new();
    std::io::stdin().read_to_string(&mut folder).unwrap();
    let _cluster = start(Path::new(&folder)).await.unwrap();
    fs::write(Path::new(&folder).join("held"), "").unwrap();
    tokio::time::sleep(Duration::from_mins(1)).await;
}

#[tokio::test]
async fn data_survives_restart() {
    let folder = data_dir();
    let cluster = start(folder.path()).await.unwrap();
    let client = connect(&cluster).await;
    client.batch_execute("CREATE TABLE cups (tea text); INSERT INTO cups VALUES ('зелёный')").await.unwrap();
    let socket = cluster.socket.clone();
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o700);
    cluster.stop().await.unwrap();
    assert!(!socket.exists(), "the socket directory is removed");
    assert!(stale_process::running_in(&cluster_dir(folder.path())).is_empty());

    let cluster = start(folder.path()).await.unwrap();
    let client = connect(&cluster).await;
    let tea: String = client.query_one("SELECT tea FROM cups", &[]).await.unwrap().get(0);
    assert_eq!(tea, "зелёный");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn cluster_is_durable_and_private() {
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
async fn second_server_is_rejected() {
    let folder = data_dir();
    let cluster = start(folder.path()).await.unwrap();
    let error = start_error(folder.path()).await;
    assert!(error.contains("another server is using"), "{error}");
    connect(&cluster).await.batch_execute("SELECT 1").await.unwrap();
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn killed_server_takes_postgresql_along() {
    let folder = data_dir();
    let mut holder = spawn_holder(folder.path());
    let cluster = cluster_dir(folder.path());
    assert!(!stale_process::running_in(&cluster).is_empty());
    holder.kill().unwrap();
    holder.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !stale_process::running_in(&cluster).is_empty() {
        assert!(Instant::now() < deadline, "PostgreSQL is still running");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn cluster_starts_after_crash() {
    let folder = data_dir();
    for _ in 0..3 {
        let mut holder = spawn_holder(folder.path());
        let postmaster = postmaster_pid(folder.path());
        holder.kill().unwrap();
        // Both are killed, so that neither can clean up.
        kill_process(postmaster, Signal::KILL).unwrap();
        holder.wait().unwrap();
    }
    start(folder.path()).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn pid_file_of_other_process_is_ignored() {
    let folder = data_dir();
    start(folder.path()).await.unwrap().stop().await.unwrap();
    let mut other = OsUser::find().await.unwrap().command(Path::new("sleep")).arg("60").spawn().unwrap();
    let cluster = cluster_dir(folder.path());
    let pid_file = format!("{}\n{}\n1\n5432\n\n\n\nready\n", other.id(), cluster.display());
    fs::write(cluster.join("postmaster.pid"), pid_file).unwrap();
    start(folder.path()).await.unwrap().stop().await.unwrap();
    assert!(other.try_wait().unwrap().is_none(), "the other process is not killed");
    other.kill().unwrap();
    other.wait().unwrap();
}

#[tokio::test]
async fn stale_postgresql_is_replaced() {
    let folder = data_dir();
    start(folder.path()).await.unwrap().stop().await.unwrap();
    let os_user = OsUser::find().await.unwrap();
    let binaries = Binaries::find(None).await.unwrap();
    let cluster = cluster_dir(folder.path());
    let data_dir = DataDir::open(folder.path(), &os_user).unwrap();
    let socket = data_dir.create_socket_dir(&os_user).unwrap();
    let mut orphan = postmaster::command(&cluster, &socket, &binaries, &os_user);
    let mut orphan = orphan.stderr(Stdio::null()).spawn().unwrap();
    while !cluster.join("postmaster.pid").exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The test is the parent of the stale process, so that it has to reap it.
    let reaper = std::thread::spawn(move || orphan.wait());
    let cluster = start(folder.path()).await.unwrap();
    assert!(reaper.join().unwrap().unwrap().success(), "it shut down cleanly");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn long_data_dir_gets_short_socket_path() {
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
async fn special_characters_in_path_work() {
    let folder = data_dir();
    let cluster = start(&folder.path().join("чай, 100% \"зелёный\"'s@?")).await.unwrap();
    connect(&cluster).await.batch_execute("SELECT 1").await.unwrap();
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn inaccessible_directory_is_named() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = data_dir();
    let barred = folder.path().join("barred");
    DirBuilder::new().mode(0o700).create(&barred).unwrap();
    let error = start_error(&barred.join("data")).await;
    assert!(error.contains(&format!("cannot enter {}:", barred.display())), "{error}");
    assert!(error.contains("CHATIRE_DATA_DIR"), "{error}");
}

#[tokio::test]
async fn failed_start_quotes_log() {
    let folder = data_dir();
    start(folder.path()).await.unwrap().stop().await.unwrap();
    fs::write(folder.path().join("postgres/postgresql.conf"), "tea = 'green'\n").unwrap();
    let error = start_error(folder.path()).await;
    assert!(
        error.contains("did not start") && error.contains("unrecognized configuration parameter"),
        "{error}"
    );
}

#[tokio::test]
async fn unexpected_end_is_reported() {
    let folder = data_dir();
    let mut cluster = start(folder.path()).await.unwrap();
    kill_process(postmaster_pid(folder.path()), Signal::QUIT).unwrap();
    let error = cluster.wait_for_failure().await.to_string();
    assert!(error.contains("ended unexpectedly") && error.contains("immediate shutdown"), "{error}");
    cluster.stop().await.unwrap();
}
