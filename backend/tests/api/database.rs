//! One PostgreSQL for all tests, and in it a database for each.

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

use backend::{db, log, postgres};
use tokio::runtime::{Builder, Handle};
use tokio_postgres::{
    Client, Config, NoTls,
    config::{Host, SslMode},
};

/// Every test has a pool of its own, and many run at once.
const CONNECTIONS: &str = "ALTER SYSTEM SET max_connections = 500";

/// The PostgreSQL, and a runtime that outlives every test.
struct House {
    runtime: Handle,
    config: Config,
}

/// Where tests leave what shall be done after them.
pub fn background() -> Handle {
    house().runtime.clone()
}

/// A database with all tables and nobody in it.
pub async fn fresh() -> Config {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("{}_{}", family(process::id()), COUNT.fetch_add(1, Ordering::Relaxed));
    create(&name, Some(&template())).await
}

/// A database without anything.
pub async fn empty(name: &str) -> Config {
    create(&format!("{}_{name}", family(process::id())), None).await
}

/// Not waited for, and only where it stays behind otherwise: it costs a checkpoint.
pub fn abandon(database: &Config) {
    if std::env::var_os("DATABASE_URL").is_some() {
        let name = database.get_dbname().unwrap_or_default().to_owned();
        background().spawn(async move { drop_database(&house().config, &name).await });
    }
}

pub async fn connect(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.expect("the database takes connections");
    tokio::spawn(connection);
    client
}

/// The address of a database, as the server wants it.
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

fn family(process: u32) -> String {
    format!("chatire_test_{process}")
}

fn template() -> String {
    format!("{}_template", family(process::id()))
}

async fn create(name: &str, template: Option<&str>) -> Config {
    let house = house();
    let from = template.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
    connect(&house.config).await.batch_execute(&format!("CREATE DATABASE {name}{from}")).await.unwrap();
    house.config.clone().dbname(name).clone()
}

async fn drop_database(config: &Config, name: &str) {
    let dropped = connect(config).await.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
    dropped.expect("the database goes");
}

fn house() -> &'static House {
    static HOUSE: OnceLock<House> = OnceLock::new();
    HOUSE.get_or_init(|| {
        if let Some(file) = crate::sent::file("log") {
            log::start("trace".into(), file, false);
        }
        let (tell, told) = mpsc::channel();
        // PostgreSQL ends with the thread that started it, so this one stays until the process ends.
        thread::spawn(move || {
            let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let (_cluster, config) = open().await;
                tell.send(House { runtime: Handle::current(), config }).unwrap();
                pending::<()>().await;
            });
        });
        told.recv().expect("there is a PostgreSQL")
    })
}

async fn open() -> (Option<postgres::Cluster>, Config) {
    let (cluster, mut config) = if let Ok(url) = std::env::var("DATABASE_URL") {
        (None, url.parse::<Config>().expect("DATABASE_URL is an address of PostgreSQL"))
    } else {
        let cluster = private().await;
        let config = cluster.url().parse().unwrap();
        (Some(cluster), config)
    };
    config.dbname("postgres").ssl_mode(SslMode::Disable);
    clean(&config).await;
    let template = template();
    connect(&config).await.batch_execute(&format!("CREATE DATABASE {template}")).await.unwrap();
    db::migrate(&url(config.clone().dbname(&template))).await.expect("the template is migrated");
    (cluster, config)
}

/// What runs before this one left in a PostgreSQL that stays.
async fn clean(config: &Config) {
    let known = "SELECT datname FROM pg_database WHERE datname LIKE 'chatire_test_%'";
    for row in connect(config).await.query(known, &[]).await.unwrap() {
        let name: &str = row.get(0);
        let process = name.split('_').nth(2).unwrap_or_default();
        if !Path::new("/proc").join(process).exists() {
            drop_database(config, name).await;
        }
    }
}

async fn private() -> postgres::Cluster {
    let folder = tempfile::Builder::new().prefix("chatire-test-").tempdir().unwrap().keep();
    fs::set_permissions(&folder, Permissions::from_mode(0o711)).unwrap();
    crate::heir::remove_after_us(&folder);
    crate::logs::keep(&folder);
    let cluster = postgres::start(&folder).await.expect("PostgreSQL starts");
    connect(&cluster.url().parse().unwrap()).await.batch_execute(CONNECTIONS).await.unwrap();
    cluster.stop().await.unwrap();
    postgres::start(&folder).await.expect("PostgreSQL starts again")
}
