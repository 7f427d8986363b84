//! The database: its pool, its migrations, and what each of its refusals means. Every query stands in [`db/`](self),
//! one file per table.

pub mod addresses;
pub mod audit;
pub mod avatars;
pub mod changes;
pub mod chats;
mod deletions;
mod events;
pub mod exports;
pub mod heirs;
pub mod instance;
pub mod joining;
pub mod lifetime;
pub mod links;
pub mod members;
pub mod messages;
pub mod passkeys;
pub mod password_resets;
pub mod read_positions;
pub mod refreshes;
pub mod schema;
pub mod second_factors;
pub mod sessions;
mod settings;
pub mod turn;
pub mod users;
pub mod your_chats;

use std::time::Duration;

use anyhow::{Context, anyhow};
use diesel::result::{ConnectionError, DatabaseErrorKind, Error as DieselError};
use diesel_async::{
    AsyncConnection, AsyncPgConnection, SimpleAsyncConnection,
    async_connection_wrapper::AsyncConnectionWrapper,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        deadpool::{Object, Pool},
    },
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use shared::problem::ProblemCode;
use tokio::time::timeout;

use crate::problem::{Error, Refusal};

/// Every step that `migrations/` holds.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(3);
/// How long a lock is waited for, unless something else is said.
const LOCKED_FOR: Duration = Duration::from_secs(3);
/// What every connection promises: acknowledged means on disk, and no statement is waited for without end.
const SESSION: &str = "SET synchronous_commit = on; SET statement_timeout = '10s'; \
                       SET idle_in_transaction_session_timeout = '15s'; SET application_name = 'chatire'";
/// While the schema is changed: other programs that start at once queue behind the advisory lock, but no step of ours
/// may make readers queue behind it for long.
const MIGRATING: &str =
    "SET lock_timeout = '60s'; SELECT pg_advisory_lock(7163420011); SET lock_timeout = '5s'";

/// A connection that returns to the pool by itself.
pub type Connection = Object<AsyncPgConnection>;

/// The pool of connections.
#[derive(Clone)]
pub struct Db {
    pool: Pool<AsyncPgConnection>,
}

impl Db {
    /// A pool of at most `size` connections; none is made before it is needed.
    pub fn new(url: &str, size: usize) -> anyhow::Result<Self> {
        Self::with_lock_timeout(url, size, LOCKED_FOR)
    }

    /// The same, with another bound on waiting for a lock.
    pub fn with_lock_timeout(url: &str, size: usize, bound: Duration) -> anyhow::Result<Self> {
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |url| Box::pin(prepare(url.to_owned(), bound)));
        let manager = AsyncDieselConnectionManager::new_with_config(url, config);
        Ok(Self { pool: Pool::builder(manager).max_size(size).build()? })
    }

    /// A connection, or the word that the server is busy.
    pub async fn get(&self) -> Result<Connection, Error> {
        match timeout(ACQUIRE_WITHIN, self.pool.get()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(busy(&error)),
            Err(_) => Err(busy(&"no connection became free")),
        }
    }

    /// Ends all connections.
    pub fn close(&self) {
        self.pool.close();
    }
}

async fn prepare(url: String, locked_for: Duration) -> Result<AsyncPgConnection, ConnectionError> {
    let mut connection = AsyncPgConnection::establish(&url).await?;
    let settings = format!("{SESSION}; SET lock_timeout = {}", locked_for.as_millis());
    connection.batch_execute(&settings).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Applies every step that the database does not have yet; returns their names.
pub async fn migrate(url: &str) -> anyhow::Result<Vec<String>> {
    let url = url.to_owned();
    tokio::task::spawn_blocking(move || {
        use diesel::{Connection, connection::SimpleConnection};
        let mut connection = <AsyncConnectionWrapper<AsyncPgConnection> as Connection>::establish(&url)
            .context("the database in DATABASE_URL cannot be reached")?;
        // The lock goes with the connection, also when a step fails.
        SimpleConnection::batch_execute(&mut connection, MIGRATING)
            .context("another program has been migrating for a minute")?;
        let applied = connection
            .run_pending_migrations(MIGRATIONS)
            .map_err(|error| anyhow!("a migration failed: {error}"))?;
        Ok(applied.iter().map(ToString::to_string).collect())
    })
    .await?
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _)
            | DieselError::BrokenTransactionManager => busy(&error),
            DieselError::DatabaseError(_, information) if is_passing(information.message()) => busy(&error),
            _ => Self::Internal(error.into()),
        }
    }
}

/// PostgreSQL's words for "not now"; Diesel keeps the message but not the code.
fn is_passing(message: &str) -> bool {
    [
        "due to lock timeout",
        "due to statement timeout",
        "deadlock detected",
        "connection closed",
        "shutting down",
    ]
    .iter()
    .any(|word| message.contains(word))
}

fn busy(why: &dyn std::fmt::Display) -> Error {
    tracing::warn!(%why, "the database does not keep up");
    Refusal::new(ProblemCode::Busy).retry_after(Duration::from_secs(2)).into()
}

/// Lets a constraint of the database judge.
pub trait OnConstraint<T> {
    /// If `constraint` refused, the caller gets `refusal`.
    fn on_constraint(self, constraint: &str, refusal: impl FnOnce() -> Refusal) -> Result<T, Error>;
}

impl<T> OnConstraint<T> for Result<T, DieselError> {
    fn on_constraint(self, constraint: &str, refusal: impl FnOnce() -> Refusal) -> Result<T, Error> {
        self.map_err(|error| match &error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, information)
                if information.constraint_name() == Some(constraint) =>
            {
                refusal().into()
            }
            _ => error.into(),
        })
    }
}
