//! The PostgreSQL server that all targets use, with a new database per run.

use std::path::{Path, PathBuf};
use std::{fs, process};

use anyhow::{Context, Result};
use backend::{
    jobs::search_index::{self, ChatQueue},
    store::{Db, message_search},
};
use private_postgres::Cluster;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, NoTls};

use crate::layout::Layout;

/// A disk that every user can access; `/tmp` is often in memory.
const PARENT_DIR: &str = "/var/tmp";
/// Followed by the ID of the process that created the directory.
const PREFIX: &str = "chatire-bench-";

/// The schema of the comparison servers, which have no accounts or memberships.
const TARGET_SCHEMA: &str = "
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
    dir: PathBuf,
    created: u32,
}

/// A database for one run; see [`Database::drop_database`].
pub struct RunDatabase {
    pub name: String,
    pub url: String,
    /// Socket directory and role, for libraries that do not accept them in a URL.
    pub socket: PathBuf,
    pub role: &'static str,
}

impl Database {
    /// Starts PostgreSQL on the core of this thread.
    pub fn start() -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        remove_stale_dirs()?;
        let dir = Path::new(PARENT_DIR).join(format!("{PREFIX}{}", process::id()));
        fs::create_dir_all(&dir)?;
        let cluster = runtime.block_on(private_postgres::start(&dir))?;
        Ok(Self { runtime, cluster: Some(cluster), dir, created: 0 })
    }

    /// The process ID of the postmaster.
    pub fn pid(&self) -> Result<u32> {
        let file = fs::read_to_string(self.dir.join("postgres/postmaster.pid"))?;
        file.lines().next().and_then(|line| line.parse().ok()).context("no process ID in postmaster.pid")
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn create_database(&mut self) -> Result<RunDatabase> {
        self.created += 1;
        let name = format!("bench_{}", self.created);
        let main = self.cluster.as_ref().context("PostgreSQL is stopped")?.url().to_owned();
        self.execute(&main, &format!("CREATE DATABASE {name}"))?;
        let (before, _) = main.rsplit_once('/').context("an unexpected URL")?;
        let role = "chatire";
        let host = before.rsplit_once('@').context("an unexpected URL")?.1;
        Ok(RunDatabase { url: format!("{before}/{name}"), socket: percent_decode(host).into(), name, role })
    }

    pub fn drop_database(&self, database: &RunDatabase) -> Result<()> {
        let main = self.cluster.as_ref().context("PostgreSQL is stopped")?.url().to_owned();
        self.execute(&main, &format!("DROP DATABASE {} WITH (FORCE)", database.name))
    }

    pub fn create_target_schema(&self, database: &RunDatabase) -> Result<()> {
        self.execute(&database.url, TARGET_SCHEMA)
    }

    /// Creates our schema with all users signed in and in their chats. User and session IDs count from 1.
    pub fn seed(&self, database: &RunDatabase, layout: &Layout) -> Result<()> {
        self.runtime.block_on(backend::store::migrate(&database.url))?;
        let Layout { users, chats, members } = layout;
        self.execute(
            &database.url,
            &format!(
                "INSERT INTO users (username, username_key)
                    SELECT 'user' || i, 'user' || i FROM generate_series(1, {users}) AS i;
                 INSERT INTO sessions (id, user_id, refresh_hash)
                    SELECT lpad(to_hex(i), 32, '0')::uuid, i, int4send(i) FROM generate_series(1, {users}) AS i;
                 INSERT INTO chats (uri, head, revision)
                    SELECT 'bench' || lpad(i::text, 17, '0'), {members}, 1 FROM generate_series(1, {chats}) AS i;
                 INSERT INTO members (chat_id, user_id, role, seq, revision, created_at)
                    SELECT c, 1 + ((c - 1) * {members} + k - 1) % {users},
                           CASE k WHEN 1 THEN 'owner' ELSE 'writer' END, k, k, now()
                    FROM generate_series(1, {chats}) AS c, generate_series(1, {members}) AS k"
            ),
        )
    }

    /// Keeps earlier work out of the measurement.
    pub fn vacuum_and_checkpoint(&self, database: &RunDatabase) -> Result<()> {
        self.execute(&database.url, "VACUUM ANALYZE")?;
        self.execute(&database.url, "CHECKPOINT")
    }

    pub fn run_sql(&self, database: &RunDatabase, sql: &str) -> Result<()> {
        self.execute(&database.url, sql)
    }

    /// Indexes all messages for searches, together with the server.
    pub fn index_messages(&self, database: &RunDatabase) -> Result<()> {
        self.runtime.block_on(async {
            let db = Db::new(&database.url, 1)?;
            loop {
                let behind = message_search::list_chats_behind(&mut *db.get().await?, i64::MAX).await?;
                let mut queue = ChatQueue::default();
                queue.extend(behind);
                if queue.is_empty() {
                    return Ok(());
                }
                search_index::index_some(&db, &mut queue).await?;
            }
        })
    }

    /// Locks a table against writing, until [`Self::unlock`].
    pub fn lock_table(&self, database: &RunDatabase, table: &str) -> Result<Client> {
        self.runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&database.url, NoTls).await?;
            tokio::spawn(connection);
            client.batch_execute(&format!("BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE")).await?;
            Ok(client)
        })
    }

    pub fn unlock(&self, client: &Client) -> Result<()> {
        Ok(self.runtime.block_on(client.batch_execute("ROLLBACK"))?)
    }

    pub fn count_messages(&self, database: &RunDatabase) -> Result<usize> {
        let count: i64 = self.with_client(&database.url, async |client| {
            Ok(client.query_one("SELECT count(*) FROM messages", &[]).await?.get(0))
        })?;
        Ok(count as usize)
    }

    fn execute(&self, url: &str, sql: &str) -> Result<()> {
        self.with_client(url, async |client| Ok(client.batch_execute(sql).await?))
    }

    fn with_client<T>(&self, url: &str, work: impl AsyncFnOnce(&Client) -> Result<T>) -> Result<T> {
        self.runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            let connection = tokio::spawn(connection);
            let result = work(&client).await;
            drop(client);
            connection.await??;
            result
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(cluster) = self.cluster.take()
            && let Err(error) = self.runtime.block_on(cluster.stop())
        {
            eprintln!("cannot stop PostgreSQL: {error:#}");
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Removes directories of runs that were killed.
fn remove_stale_dirs() -> Result<()> {
    for dir in fs::read_dir(PARENT_DIR)?.flatten() {
        let name = dir.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        if !Path::new("/proc").join(pid).exists() {
            fs::remove_dir_all(dir.path())?;
        }
    }
    Ok(())
}

/// Decodes the socket directory in the host of a URL.
fn percent_decode(host: &str) -> String {
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
    fn socket_dir_is_decoded_from_the_url() {
        assert_eq!(percent_decode("%2Fvar%2Ftmp%2Fa-b"), "/var/tmp/a-b");
    }
}
