//! The one value that every request shares.

use std::sync::Arc;

use anyhow::Context;
use shared::member::Member;
use uuid::Uuid;

use crate::{
    auth::{keys::Keys, passwords::Passwords, tickets::Tickets},
    config::Config,
    db::{self, Db, chats::Raised},
    hub::Hub,
    limits::Limits,
    problem::Error,
    writer::Writer,
};

/// How many connections to the database there are at most: enough to keep a small machine's cores and disk busy, few
/// enough to leave room for other programs under PostgreSQL's default of 100.
const CONNECTIONS: usize = 24;

/// Everything the server has.
pub struct App {
    pub config: Config,
    pub db: Db,
    /// Names the state of the database in which the heads of all chats count.
    pub epoch: Uuid,
    pub keys: Keys,
    pub passwords: Passwords,
    pub tickets: Tickets,
    pub limits: Limits,
    pub hub: Arc<Hub>,
    pub writer: Writer,
}

impl App {
    /// Brings the database up to date and gets everything ready to serve.
    pub async fn start(config: Config, database_url: &str) -> anyhow::Result<Arc<Self>> {
        for step in db::migrate(database_url).await? {
            tracing::info!(step, "migrated");
        }
        let keys = Keys::open(&config.data_dir).context("the signing key cannot be used")?;
        let db = Db::new(database_url, CONNECTIONS)?;
        let mut connection = db.get().await.map_err(into_anyhow)?;
        db::instance::check_durable(&mut connection).await?;
        let epoch = db::instance::epoch(&mut connection).await.map_err(into_anyhow)?;
        drop(connection);
        let hub = Arc::new(Hub::default());
        let writer = Writer::start(&db, &hub, epoch);
        let (passwords, tickets) = (Passwords::new()?, Tickets::default());
        let limits = Limits::new(config.rate_limits);
        Ok(Arc::new(Self { config, db, epoch, keys, passwords, tickets, limits, hub, writer }))
    }

    /// Tells everyone who listens about a user who changed.
    pub fn publish_members(&self, changed: Vec<(Raised, Member)>) {
        for (chat, member) in changed {
            let chat_id = chat.chat_id;
            self.hub.publish(chat_id, chat.changes(self.epoch, vec![member], Vec::new()));
        }
    }
}

fn into_anyhow(error: Error) -> anyhow::Error {
    match error {
        Error::Internal(error) => error,
        refused @ Error::Refused(_) => anyhow::anyhow!("{refused}"),
    }
}
