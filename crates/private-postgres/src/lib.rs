//! Runs a private PostgreSQL for a server that is not given a database.
//!
//! Everything is in the data directory: `postgres/` is the cluster, `socket/` contains its only socket, `postgres.log` is its
//! log, and `postgres.lock` is held by the server that uses them. PostgreSQL ends when the server ends, even after `kill -9`.

mod binaries;
mod data_dir;
mod initdb;
mod log;
mod os_user;
mod postmaster;
mod stale_process;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use binaries::Binaries;
use data_dir::DataDir;
use log::ServerLog;
use os_user::OsUser;
use postmaster::Postmaster;
use tokio::time::timeout;
use tokio_postgres::NoTls;

const DATABASE: &str = "chatire";
const ROLE: &str = "chatire";

/// A running PostgreSQL. If it is dropped without [`Cluster::stop`], it is told to end but not waited for.
pub struct Cluster {
    // Dropped before the lock, so that PostgreSQL is told to end before the next server can start.
    postmaster: Postmaster,
    socket: PathBuf,
    log: ServerLog,
    url: String,
    _lock: File,
}

/// Starts the cluster in `data_dir`, and creates it if it does not exist.
pub async fn start(data_dir: &Path) -> Result<Cluster> {
    let os_user = OsUser::find().await?;
    let data_dir = DataDir::open(data_dir, &os_user)?;
    let lock = data_dir.lock()?;
    os_user.require_access(data_dir.path()).await?;
    let binaries = Binaries::find(data_dir.cluster_version()?).await?;
    stale_process::stop(&data_dir.cluster()).await?;
    if !data_dir.cluster().exists() {
        initdb::create_cluster(&data_dir, &binaries, &os_user).await?;
    }
    let socket = data_dir.create_socket_dir(&os_user)?;
    let log = ServerLog::open(data_dir.log())?;
    let command = postmaster::command(&data_dir.cluster(), &socket, &binaries, &os_user);
    let postmaster =
        Postmaster::start(command, &data_dir.cluster(), &log).await.map_err(|error| log.append_to(&error))?;
    let cluster = Cluster { postmaster, url: url(&socket), socket, log, _lock: lock };
    if let Err(error) = cluster.ensure_database().await {
        cluster.stop().await?;
        return Err(error);
    }
    Ok(cluster)
}

/// Returns the URL of the cluster that a server is running in `data_dir`, or starts the cluster.
pub async fn connect_or_start(data_dir: &Path) -> Result<(Option<Cluster>, String)> {
    let files = DataDir::open(data_dir, &OsUser::find().await?)?;
    if files.try_lock()?.is_none() {
        return Ok((None, url(&files.active_socket_dir()?)));
    }
    let cluster = start(data_dir).await?;
    let url = cluster.url().to_owned();
    Ok((Some(cluster), url))
}

impl Cluster {
    /// The connection URL of the database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until PostgreSQL ends unexpectedly, and returns the reason. Cancel-safe.
    pub async fn wait_for_failure(&mut self) -> anyhow::Error {
        let status = self.postmaster.wait().await;
        self.log.append_to(&anyhow::anyhow!("PostgreSQL ended unexpectedly ({status})"))
    }

    /// Shuts PostgreSQL down cleanly, or kills it within a minute.
    pub async fn stop(mut self) -> Result<()> {
        self.postmaster.stop().await?;
        data_dir::remove_dir(&self.socket)
    }

    async fn ensure_database(&self) -> Result<()> {
        timeout(Duration::from_mins(1), create_database(&self.socket))
            .await
            .context("PostgreSQL did not create the database within a minute")?
            .context("cannot create the database in the private PostgreSQL")
    }
}

async fn create_database(socket: &Path) -> Result<(), tokio_postgres::Error> {
    let mut config = tokio_postgres::Config::new();
    config.host_path(socket).user(ROLE).dbname("postgres");
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    let existing = client.query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&DATABASE]).await?;
    if existing.is_none() {
        client.batch_execute(&format!("CREATE DATABASE {DATABASE}")).await?;
    }
    Ok(())
}

/// The socket directory is the host part of the URL, so that all special characters are percent-encoded.
fn url(socket: &Path) -> String {
    let host: String =
        socket.as_os_str().as_encoded_bytes().iter().map(|&byte| percent_encode(byte)).collect();
    format!("postgresql://{ROLE}@{host}/{DATABASE}")
}

fn percent_encode(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}
