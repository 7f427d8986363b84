//! One PostgreSQL for all tests of a binary, and a database for each test.

use std::{
    fs::{self, Permissions},
    future::pending,
    os::unix::fs::PermissionsExt,
    path::Path,
    process,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use backend::{store, telemetry};
use tokio::runtime::{Builder, Handle};
use tokio_postgres::{
    Client, Config, NoTls,
    config::{Host, SslMode},
};

use super::{cleanup, log_capture, log_folder};

/// Every test has a pool, and many run at once.
const MAX_CONNECTIONS: &str = "ALTER SYSTEM SET max_connections = 500";

/// The PostgreSQL, and a runtime that outlives every test.
struct Instance {
    runtime: Handle,
    config: Config,
}

/// A runtime for work that goes on after a test.
pub fn background_runtime() -> Handle {
    instance().runtime.clone()
}

/// Creates a database with the schema and no rows.
pub async fn create() -> Config {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("{}_{}", name_prefix(process::id()), COUNT.fetch_add(1, Ordering::Relaxed));
    create_from(&name, Some(&template())).await
}

/// Creates a database without a schema.
pub async fn create_empty(name: &str) -> Config {
    create_from(&format!("{}_{name}", name_prefix(process::id())), None).await
}

/// Drops a database in the background, if the PostgreSQL outlives the tests; otherwise that would cost a checkpoint
/// for nothing.
pub fn discard(database: &Config) {
    if std::env::var_os("DATABASE_URL").is_some() {
        let name = database.get_dbname().unwrap_or_default().to_owned();
        background_runtime().spawn(async move { drop_database(&instance().config, &name).await });
    }
}

pub async fn connect(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.expect("the database takes connections");
    tokio::spawn(connection);
    client
}

/// The database as a connection string.
pub fn url(config: &Config) -> String {
    let host = match &config.get_hosts()[0] {
        Host::Tcp(name) => name.clone(),
        Host::Unix(folder) => folder.to_str().unwrap().to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let password = String::from_utf8(config.get_password().unwrap_or_default().to_vec()).unwrap();
    let quoted = |text: &str| format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"));
    format!(
        "host={} port={port} user={} password={} dbname={}",
        quoted(&host),
        quoted(config.get_user().unwrap_or_default()),
        quoted(&password),
        quoted(config.get_dbname().unwrap_or_default()),
    )
}

fn name_prefix(process: u32) -> String {
    format!("chatire_test_{process}")
}

fn template() -> String {
    format!("{}_template", name_prefix(process::id()))
}

async fn create_from(name: &str, template: Option<&str>) -> Config {
    let instance = instance();
    let template = template.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
    let statement = format!("CREATE DATABASE {name}{template}");
    connect(&instance.config).await.batch_execute(&statement).await.unwrap();
    instance.config.clone().dbname(name).clone()
}

async fn drop_database(config: &Config, name: &str) {
    let dropped = connect(config).await.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
    dropped.expect("the database is dropped");
}

fn instance() -> &'static Instance {
    static INSTANCE: OnceLock<Instance> = OnceLock::new();
    INSTANCE.get_or_init(|| {
        if let Some(file) = log_capture::create_file("log") {
            telemetry::init("trace".into(), file, false);
        }
        let (sender, receiver) = mpsc::channel();
        // PostgreSQL ends with the thread that started it, so this one lives as long as the process.
        thread::spawn(move || {
            let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let (_cluster, config) = open().await;
                sender.send(Instance { runtime: Handle::current(), config }).unwrap();
                pending::<()>().await;
            });
        });
        receiver.recv().expect("PostgreSQL starts")
    })
}

async fn open() -> (Option<private_postgres::Cluster>, Config) {
    let (cluster, mut config) = if let Ok(url) = std::env::var("DATABASE_URL") {
        (None, url.parse::<Config>().expect("DATABASE_URL is a PostgreSQL URL"))
    } else {
        let cluster = start_cluster().await;
        let config = cluster.url().parse().unwrap();
        (Some(cluster), config)
    };
    config.dbname("postgres").ssl_mode(SslMode::Disable);
    drop_leftovers(&config).await;
    let template = template();
    connect(&config).await.batch_execute(&format!("CREATE DATABASE {template}")).await.unwrap();
    store::migrate(&url(config.clone().dbname(&template))).await.expect("the template is migrated");
    (cluster, config)
}

/// Drops the databases that earlier runs left in a PostgreSQL that outlives the tests.
async fn drop_leftovers(config: &Config) {
    let query = "SELECT datname FROM pg_database WHERE datname LIKE 'chatire_test_%'";
    for row in connect(config).await.query(query, &[]).await.unwrap() {
        let name: &str = row.get(0);
        let process = name.split('_').nth(2).unwrap_or_default();
        if !Path::new("/proc").join(process).exists() {
            drop_database(config, name).await;
        }
    }
}

async fn start_cluster() -> private_postgres::Cluster {
    let folder = tempfile::Builder::new().prefix("chatire-test-").tempdir().unwrap().keep();
    fs::set_permissions(&folder, Permissions::from_mode(0o711)).unwrap();
    cleanup::remove_after_exit(&folder);
    log_folder::keep_logs(&folder);
    let cluster = private_postgres::start(&folder).await.expect("PostgreSQL starts");
    connect(&cluster.url().parse().unwrap()).await.batch_execute(MAX_CONNECTIONS).await.unwrap();
    cluster.stop().await.unwrap();
    private_postgres::start(&folder).await.expect("PostgreSQL starts again")
}
