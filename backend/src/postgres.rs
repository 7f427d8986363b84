//! The private PostgreSQL that the server runs for itself when it is given no other.
//!
//! It lives in the data folder: `postgres/` is the cluster, `socket/` the only way in, `postgres.log` what PostgreSQL
//! says of itself, and `postgres.lock` is held by the one server that may use them. It ends when the server ends, even
//! by `kill -9`.

mod account;
mod folders;
mod initialise;
mod log;
mod orphans;
mod postmaster;
mod programs;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use account::Account;
use anyhow::{Context, Result};
use folders::Folders;
use log::Log;
use postmaster::Postmaster;
use programs::Programs;
use tokio::time::timeout;
use tokio_postgres::NoTls;

const DATABASE: &str = "chatire";
const ROLE: &str = "chatire";

/// A running PostgreSQL that is ours alone. Dropped without [`Cluster::stop`], it is asked to end but not waited for.
pub struct Cluster {
    // Before the lock, so that PostgreSQL has been told to end when the next server may come.
    postmaster: Postmaster,
    socket: PathBuf,
    log: Log,
    url: String,
    _lock: File,
}

/// Starts the cluster in `data_dir`, making whatever of it is missing.
pub async fn start(data_dir: &Path) -> Result<Cluster> {
    let account = Account::find().await?;
    let folders = Folders::open(data_dir, &account)?;
    let lock = folders.lock()?;
    account.must_reach(folders.data()).await?;
    let programs = Programs::find(folders.written_by()?).await?;
    orphans::evict(&folders.cluster()).await?;
    if !folders.cluster().exists() {
        initialise::cluster(&folders, &programs, &account).await?;
    }
    let socket = folders.make_socket_folder(&account)?;
    let log = Log::open(folders.log())?;
    let command = postmaster::command(&folders.cluster(), &socket, &programs, &account);
    let postmaster =
        Postmaster::start(command, &folders.cluster(), &log).await.map_err(|error| log.quoted_in(&error))?;
    let cluster = Cluster { postmaster, url: url(&socket), socket, log, _lock: lock };
    if let Err(error) = cluster.ensure_database().await {
        cluster.stop().await?;
        return Err(error);
    }
    Ok(cluster)
}

/// The cluster of `data_dir` for somebody who needs it for a moment: the one that a server is running, or one that is started
/// for this.
pub async fn reach(data_dir: &Path) -> Result<(Option<Cluster>, String)> {
    let folders = Folders::open(data_dir, &Account::find().await?)?;
    if folders.try_lock()?.is_none() {
        return Ok((None, url(&folders.socket_in_use()?)));
    }
    let cluster = start(data_dir).await?;
    let url = cluster.url().to_owned();
    Ok((Some(cluster), url))
}

impl Cluster {
    /// Where the server finds its database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until PostgreSQL ends although nobody stopped it, and says why. May be dropped and called again.
    pub async fn ended(&mut self) -> anyhow::Error {
        let how = self.postmaster.ended().await;
        self.log.quoted_in(&anyhow::anyhow!("PostgreSQL ended by itself ({how})"))
    }

    /// Ends PostgreSQL in good order, or at least within a minute.
    pub async fn stop(mut self) -> Result<()> {
        self.postmaster.stop().await?;
        folders::remove(&self.socket)
    }

    async fn ensure_database(&self) -> Result<()> {
        timeout(Duration::from_mins(1), create_database(&self.socket))
            .await
            .context("PostgreSQL did not make the database within a minute")?
            .context("cannot make the database in the private PostgreSQL")
    }
}

async fn create_database(socket: &Path) -> Result<(), tokio_postgres::Error> {
    let mut config = tokio_postgres::Config::new();
    config.host_path(socket).user(ROLE).dbname("postgres");
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    let known = client.query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&DATABASE]).await?;
    if known.is_none() {
        client.batch_execute(&format!("CREATE DATABASE {DATABASE}")).await?;
    }
    Ok(())
}

/// The socket's folder stands where a URL has its host, so every byte but the plainest is escaped.
fn url(socket: &Path) -> String {
    let host: String = socket.as_os_str().as_encoded_bytes().iter().map(|&byte| escaped(byte)).collect();
    format!("postgresql://{ROLE}@{host}/{DATABASE}")
}

fn escaped(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}
