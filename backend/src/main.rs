//! The program: reads its settings, gets a database, serves, and ends tidily.

use std::{future::pending, io::IsTerminal, process::ExitCode, sync::Arc, time::Duration};

use backend::{
    app::App,
    config::{Arguments, Command, Config, ResetPassword},
    db, log, operator,
    postgres::{self, Cluster},
    server,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::timeout,
};

/// Keeps small what was large for a moment: the buffers of handshakes, and the memory that comparing passwords takes. Without
/// huge pages, of which a thread would use a few kilobytes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Whatever happens, the program ends in time to be started again.
const STOPPED_WITHIN: Duration = Duration::from_secs(22);

#[tokio::main]
async fn main() -> ExitCode {
    log::start(log::wanted(), std::io::stderr, std::io::stderr().is_terminal());
    let done = match Arguments::read().command {
        Command::Serve(config) => serve(config).await,
        Command::Migrate(config) => migrate(config).await,
        Command::ResetPassword(asked) => reset_password(asked).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let (mut cluster, url) = database(&config).await?;
    let served = serve_on(config, &url, cluster.as_mut()).await;
    stop(cluster).await.and(served)
}

async fn serve_on(config: Config, url: &str, cluster: Option<&mut Cluster>) -> anyhow::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let app = App::start(config, url).await?;
    let (server, address) = server::bind(&app)?;
    let handle = server.handle();
    let server = tokio::spawn(server);
    tokio::spawn(server::tend(Arc::clone(&app)));
    announce(address);
    let why = tokio::select! {
        _ = interrupt.recv() => None,
        _ = terminate.recv() => None,
        why = ended(cluster) => Some(why),
    };
    tracing::info!("stopping");
    if timeout(STOPPED_WITHIN, server::stop(&app, &handle)).await.is_err() {
        tracing::error!("some requests did not end");
    } else {
        server.await??;
    }
    match why {
        Some(why) => Err(why),
        None => Ok(()),
    }
}

async fn ended(cluster: Option<&mut Cluster>) -> anyhow::Error {
    match cluster {
        Some(cluster) => cluster.ended().await,
        None => pending().await,
    }
}

async fn migrate(config: Config) -> anyhow::Result<()> {
    let (cluster, url) = database(&config).await?;
    let migrated = db::migrate(&url).await;
    stop(cluster).await?;
    match migrated? {
        steps if steps.is_empty() => tracing::info!("the database is up to date"),
        steps => tracing::info!("migrated: {}", steps.join(", ")),
    }
    Ok(())
}

/// Speaks to a server's database beside the server, if that runs.
#[expect(clippy::print_stdout, reason = "what the operator asked for")]
async fn reset_password(
    ResetPassword { username, without_second_factor, config }: ResetPassword,
) -> anyhow::Result<()> {
    let (cluster, url) = match &config.database_url {
        Some(url) => (None, url.clone()),
        None => postgres::reach(&config.data_dir).await?,
    };
    let page = operator::reset_password(&config, &url, &username, without_second_factor).await;
    stop(cluster).await?;
    println!("Within an hour, {username} can set another password here, once:\n{}", page?);
    Ok(())
}

/// The database that is set, or else a private one.
async fn database(config: &Config) -> anyhow::Result<(Option<Cluster>, String)> {
    if let Some(url) = &config.database_url {
        return Ok((None, url.clone()));
    }
    let cluster = postgres::start(&config.data_dir).await?;
    let url = cluster.url().to_owned();
    Ok((Some(cluster), url))
}

async fn stop(cluster: Option<Cluster>) -> anyhow::Result<()> {
    match cluster {
        Some(cluster) => cluster.stop().await,
        None => Ok(()),
    }
}

#[expect(clippy::print_stdout, reason = "the one line that scripts wait for")]
fn announce(address: std::net::SocketAddr) {
    let host = if address.ip().is_loopback() { "localhost".to_owned() } else { address.ip().to_string() };
    println!("Chatire is at http://{host}:{}", address.port());
}
