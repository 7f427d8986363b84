//! The application state: the services that requests and background jobs share.

use std::sync::Arc;

use anyhow::Context;
use uuid::Uuid;

use crate::{
    auth::{
        AuthContext, cache::AuthCache, encryption::SecretBox, file_tokens::FileTokens, jwt::JwtKeys,
        passkeys::Passkeys, passwords::Passwords, tickets::Tickets,
    },
    chat_commands::ChatCommands,
    clock::Clock,
    config::Config,
    email::Mailer,
    file_storage::FileStorage,
    images::Images,
    jobs::{account_removal::AccountRemoval, data_export::DataExporter, read_receipts::ReadReceiptBuffer},
    rate_limit::{RateLimiters, SlowMode},
    readiness::Readiness,
    realtime::{hub::Hub, ingest::MessageIngest},
    search::Searcher,
    store::{self, Db},
};

/// The size of the connection pool: enough to keep the cores and the disk of a small machine busy, and small enough to
/// leave room for other programs under PostgreSQL's default limit of 100.
const CONNECTIONS: usize = 24;

pub struct AppState {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub db: Db,
    /// Identifies the database; sequence numbers are only comparable within one epoch.
    pub epoch: Uuid,
    pub auth: Arc<AuthContext>,
    pub rate_limits: Arc<RateLimiters>,
    pub slow_mode: SlowMode,
    pub mailer: Mailer,
    pub readiness: Readiness,
    pub images: Images,
    pub file_storage: Arc<FileStorage>,
    pub hub: Arc<Hub>,
    pub ingest: Arc<MessageIngest>,
    pub chats: Arc<ChatCommands>,
    pub read_receipts: Arc<ReadReceiptBuffer>,
    pub data_exporter: Arc<DataExporter>,
    pub account_removal: AccountRemoval,
    pub searcher: Searcher,
}

impl AppState {
    /// Migrates the database and starts all services.
    pub async fn start(config: Config, database_url: &str) -> anyhow::Result<Arc<Self>> {
        for step in store::migrate(database_url).await? {
            tracing::info!(step, "applied a migration");
        }
        let config = Arc::new(config);
        let clock = Clock::default();
        let rate_limits = Arc::new(RateLimiters::new(config.limits.clone(), &clock));
        let db = Db::new(database_url, CONNECTIONS)?;
        let auth = Arc::new(build_auth_context(&config, &clock, &db, &rate_limits)?);
        let epoch = check_database(&db).await?;
        let hub = Arc::new(Hub::new(rate_limits.connection_limits(), clock.clone()));
        let ingest = Arc::new(MessageIngest::start(database_url, &hub, epoch)?);
        let cache = Arc::clone(&auth.cache);
        let chats = ChatCommands::new(db.clone(), epoch, Arc::clone(&hub), Arc::clone(&ingest), cache);
        let chats = Arc::new(chats);
        let file_storage = Arc::new(FileStorage::new(&config)?);
        let data_exporter =
            Arc::new(DataExporter::new(db.clone(), Arc::clone(&file_storage), &config.data_dir));
        let state = Self {
            slow_mode: SlowMode::new(clock.clone()),
            readiness: Readiness::new(clock.clone()),
            mailer: Mailer::new(&config)?,
            images: Images::new(&config.limits),
            file_storage,
            read_receipts: Arc::new(ReadReceiptBuffer::new(db.clone(), Arc::clone(&hub))),
            account_removal: AccountRemoval::new(db.clone(), Arc::clone(&chats), Arc::clone(&data_exporter)),
            searcher: Searcher::new(db.clone()),
            config,
            clock,
            db,
            epoch,
            auth,
            rate_limits,
            hub,
            ingest,
            chats,
            data_exporter,
        };
        Ok(Arc::new(state))
    }
}

fn build_auth_context(
    config: &Arc<Config>,
    clock: &Clock,
    db: &Db,
    rate_limits: &Arc<RateLimiters>,
) -> anyhow::Result<AuthContext> {
    Ok(AuthContext {
        config: Arc::clone(config),
        clock: clock.clone(),
        db: db.clone(),
        jwt_keys: JwtKeys::load(&config.data_dir, clock.clone()).context("cannot use the signing key")?,
        secret_box: SecretBox::load(&config.data_dir).context("cannot use the encryption key")?,
        passwords: Passwords::new(config.limits.limit_password_queue),
        passkeys: Passkeys::default(),
        tickets: Tickets::new(clock.clone()),
        file_tokens: FileTokens::load(&config.data_dir, clock.clone())
            .context("cannot use the signing key")?,
        cache: Arc::new(AuthCache::new(clock.clone())),
        rate_limits: Arc::clone(rate_limits),
    })
}

/// Returns the epoch of the database.
async fn check_database(db: &Db) -> anyhow::Result<Uuid> {
    let mut connection = db.get().await?;
    store::instance::ensure_durable(&mut connection).await?;
    Ok(store::instance::find_epoch(&mut connection).await?)
}
