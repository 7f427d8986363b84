//! PostgreSQL: the connection pool, the migrations and, in the submodules, all queries.

pub mod accounts;
pub mod audit_log;
pub mod avatars;
pub mod changes;
pub mod chat_links;
pub mod chat_list;
pub mod chats;
pub mod data_exports;
mod enum_columns;
mod error;
pub mod event_messages;
pub mod files;
pub mod guests;
pub mod instance;
pub mod invite_links;
pub mod members;
pub mod message_search;
pub mod messages;
pub mod open_join;
pub mod passkeys;
pub mod password_resets;
pub mod read_positions;
pub mod refresh_tokens;
pub mod retention;
pub mod schema;
pub mod second_factors;
pub mod sessions;
mod static_query;
pub mod stored_files;
pub mod users;

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use diesel::{migration::MigrationSource, pg::Pg, result::ConnectionError};
use diesel_async::{
    AsyncConnection, AsyncPgConnection, SimpleAsyncConnection,
    async_connection_wrapper::AsyncConnectionWrapper,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        deadpool::{Object, Pool},
    },
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use tokio::time::timeout;

pub use self::error::StoreError;

/// The steps in `migrations/`.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// How long a request waits for a connection of the pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a statement waits for a lock by default.
const LOCK_TIMEOUT: Duration = Duration::from_secs(3);
/// Settings of every connection: a commit returns once it is on disk, and no statement runs without a time limit.
const SESSION: &str = "SET synchronous_commit = on; SET statement_timeout = '10s'; \
                       SET idle_in_transaction_session_timeout = '15s'; SET application_name = 'chatire'";
/// Programs that start at the same time queue for the advisory lock; a step itself must not block readers for long.
const MIGRATING: &str =
    "SET lock_timeout = '60s'; SELECT pg_advisory_lock(7163420011); SET lock_timeout = '5s'";

/// A connection that returns to the pool when it is dropped.
pub type PooledConnection = Object<AsyncPgConnection>;

/// The connection pool.
#[derive(Clone)]
pub struct Db {
    pool: Pool<AsyncPgConnection>,
}

impl Db {
    /// A pool of at most `size` connections, opened on demand.
    pub fn new(url: &str, size: usize) -> anyhow::Result<Self> {
        Self::with_lock_timeout(url, size, LOCK_TIMEOUT)
    }

    pub fn with_lock_timeout(url: &str, size: usize, lock_timeout: Duration) -> anyhow::Result<Self> {
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |url| Box::pin(connect(url.to_owned(), lock_timeout)));
        let manager = AsyncDieselConnectionManager::new_with_config(url, config);
        Ok(Self { pool: Pool::builder(manager).max_size(size).build()? })
    }

    pub async fn get(&self) -> Result<PooledConnection, StoreError> {
        match timeout(ACQUIRE_TIMEOUT, self.pool.get()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(StoreError::unavailable(&error)),
            Err(_) => Err(StoreError::unavailable(&"no connection became free")),
        }
    }

    /// Closes all connections.
    pub fn close(&self) {
        self.pool.close();
    }
}

async fn connect(url: String, lock_timeout: Duration) -> Result<AsyncPgConnection, ConnectionError> {
    let mut connection = AsyncPgConnection::establish(&url).await?;
    let settings = format!("{SESSION}; SET lock_timeout = {}", lock_timeout.as_millis());
    connection.batch_execute(&settings).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Applies every pending step; returns their names.
pub async fn migrate(url: &str) -> anyhow::Result<Vec<String>> {
    let url = url.to_owned();
    tokio::task::spawn_blocking(move || {
        use diesel::{Connection, connection::SimpleConnection};
        let mut connection = <AsyncConnectionWrapper<AsyncPgConnection> as Connection>::establish(&url)
            .context("cannot connect to the database in DATABASE_URL")?;
        // The lock is released with the connection, also when a step fails.
        SimpleConnection::batch_execute(&mut connection, MIGRATING)
            .context("another program has been migrating the database for a minute")?;
        check_known_schema(&mut connection)?;
        let applied = connection
            .run_pending_migrations(MIGRATIONS)
            .map_err(|error| anyhow!("a migration failed: {error}"))?;
        Ok(applied.iter().map(ToString::to_string).collect())
    })
    .await?
}

/// Rejects a database with an applied step that is unknown and older than the newest known step: it was created with
/// another schema. Newer unknown steps belong to a later release, whose schema the previous release can use.
fn check_known_schema(connection: &mut impl MigrationHarness<Pg>) -> anyhow::Result<()> {
    let to_anyhow = |error| anyhow!("the migrations cannot be read: {error}");
    let known = MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(to_anyhow)?;
    let known: Vec<_> = known.iter().map(|step| step.name().version().as_owned()).collect();
    let applied = connection.applied_migrations().map_err(to_anyhow)?;
    let newest = known.iter().max();
    if let Some(step) = applied.iter().find(|step| !known.contains(step) && Some(*step) < newest) {
        bail!(
            "this database was created by an incompatible version of Chatire (unknown migration {step}): \
             set DATABASE_URL to an empty database, or move the `postgres` folder out of the data folder, and start again"
        );
    }
    Ok(())
}
