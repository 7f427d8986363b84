//! The one PostgreSQL that everybody stores in, each run in a database of its own.

use std::path::{Path, PathBuf};
use std::{fs, process};

use anyhow::{Context, Result};
use backend::postgres::{self, Cluster};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, NoTls};

use crate::layout::Layout;

/// On a disk, unlike `/tmp` in many places, and where every user may pass.
const FOLDERS: &str = "/var/tmp";
/// The number of the process that made it follows.
const PREFIX: &str = "chatire-bench-";

/// The table of the contestants, which have neither accounts nor memberships.
const PLAIN: &str = "
    CREATE TABLE messages (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        chat_id bigint NOT NULL,
        user_id bigint NOT NULL,
        client_id uuid NOT NULL,
        message text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX messages_chat_idx ON messages (chat_id, id)";

pub struct Database {
    runtime: Runtime,
    cluster: Option<Cluster>,
    folder: PathBuf,
    made: u32,
}

/// A database of its own, until it is dropped by [`Database::remove`].
pub struct Fresh {
    pub name: String,
    pub url: String,
    /// The folder of the socket, and the role: for libraries that take no URL with those.
    pub socket: PathBuf,
    pub role: &'static str,
}

impl Database {
    /// Starts it on the core of this thread.
    pub fn start() -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        remove_orphans()?;
        let folder = Path::new(FOLDERS).join(format!("{PREFIX}{}", process::id()));
        fs::create_dir_all(&folder)?;
        let cluster = runtime.block_on(postgres::start(&folder))?;
        Ok(Self { runtime, cluster: Some(cluster), folder, made: 0 })
    }

    /// The number of PostgreSQL's first process.
    pub fn pid(&self) -> Result<u32> {
        let file = fs::read_to_string(self.folder.join("postgres/postmaster.pid"))?;
        file.lines().next().and_then(|line| line.parse().ok()).context("PostgreSQL has no process number")
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn fresh(&mut self) -> Result<Fresh> {
        self.made += 1;
        let name = format!("bench_{}", self.made);
        let main = self.cluster.as_ref().context("PostgreSQL has ended")?.url().to_owned();
        self.execute(&main, &format!("CREATE DATABASE {name}"))?;
        let (before, _) = main.rsplit_once('/').context("a strange URL")?;
        let role = "chatire";
        let host = before.rsplit_once('@').context("a strange URL")?.1;
        Ok(Fresh { url: format!("{before}/{name}"), socket: unescaped(host).into(), name, role })
    }

    pub fn remove(&self, fresh: &Fresh) -> Result<()> {
        let main = self.cluster.as_ref().context("PostgreSQL has ended")?.url().to_owned();
        self.execute(&main, &format!("DROP DATABASE {} WITH (FORCE)", fresh.name))
    }

    pub fn make_plain_table(&self, fresh: &Fresh) -> Result<()> {
        self.execute(&fresh.url, PLAIN)
    }

    /// The tables of our server, with everyone signed in, in sessions of their own number, and in their chats.
    pub fn seed(&self, fresh: &Fresh, layout: &Layout) -> Result<()> {
        self.runtime.block_on(backend::db::migrate(&fresh.url))?;
        let Layout { people, chats, members } = layout;
        self.execute(
            &fresh.url,
            &format!(
                "INSERT INTO users (username, username_key)
                    SELECT 'person' || i, 'person' || i FROM generate_series(1, {people}) AS i;
                 INSERT INTO sessions (id, user_id, refresh_hash)
                    SELECT lpad(to_hex(i), 32, '0')::uuid, i, int4send(i) FROM generate_series(1, {people}) AS i;
                 INSERT INTO chats (uri, head, revision)
                    SELECT 'bench' || lpad(i::text, 17, '0'), {members}, 1 FROM generate_series(1, {chats}) AS i;
                 INSERT INTO members (chat_id, user_id, role, seq, revision, created_at)
                    SELECT c, 1 + ((c - 1) * {members} + k - 1) % {people},
                           CASE k WHEN 1 THEN 'owner' ELSE 'writer' END, k, k, now()
                    FROM generate_series(1, {chats}) AS c, generate_series(1, {members}) AS k"
            ),
        )
    }

    /// So that no run pays for what was done before it.
    pub fn settle(&self, fresh: &Fresh) -> Result<()> {
        self.execute(&fresh.url, "VACUUM ANALYZE")?;
        self.execute(&fresh.url, "CHECKPOINT")
    }

    pub fn count_messages(&self, fresh: &Fresh) -> Result<usize> {
        let count: i64 = self.with(&fresh.url, async |client| {
            Ok(client.query_one("SELECT count(*) FROM messages", &[]).await?.get(0))
        })?;
        Ok(count as usize)
    }

    fn execute(&self, url: &str, sql: &str) -> Result<()> {
        self.with(url, async |client| Ok(client.batch_execute(sql).await?))
    }

    fn with<T>(&self, url: &str, work: impl AsyncFnOnce(&Client) -> Result<T>) -> Result<T> {
        self.runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            let connection = tokio::spawn(connection);
            let done = work(&client).await;
            drop(client);
            connection.await??;
            done
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(cluster) = self.cluster.take()
            && let Err(error) = self.runtime.block_on(cluster.stop())
        {
            eprintln!("PostgreSQL does not end: {error:#}");
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Folders of runs that were killed.
fn remove_orphans() -> Result<()> {
    for folder in fs::read_dir(FOLDERS)?.flatten() {
        let name = folder.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        if !Path::new("/proc").join(pid).exists() {
            fs::remove_dir_all(folder.path())?;
        }
    }
    Ok(())
}

/// The socket's folder stands percent-encoded where a URL has its host.
fn unescaped(host: &str) -> String {
    let mut parts = host.split('%');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_at(2.min(part.len()));
        text.push(char::from(u8::from_str_radix(code, 16).unwrap_or(b'?')));
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_found_in_its_url() {
        assert_eq!(unescaped("%2Fvar%2Ftmp%2Fa-b"), "/var/tmp/a-b");
    }
}
