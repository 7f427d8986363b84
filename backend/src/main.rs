//! The `chatire` program: reads the configuration, starts a database if none is given, and runs a command.

use std::{future::pending, io::IsTerminal, process::ExitCode, sync::Arc, time::Duration};

use backend::{
    cli::reset_password,
    config::{Arguments, CliCommand, Config, ResetPassword},
    server,
    state::AppState,
    store, telemetry,
};
use private_postgres::Cluster;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::timeout,
};

/// Returns memory after peaks such as handshake buffers and password hashing. Huge pages are disabled, because a thread would
/// use only a few kilobytes of each.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The shutdown ends after this time in any case.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(22);

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::init(telemetry::env_filter(), std::io::stderr, std::io::stderr().is_terminal());
    let result = match Arguments::read().command {
        CliCommand::Serve(config) => serve(config).await,
        CliCommand::Migrate(config) => migrate(config).await,
        CliCommand::ResetPassword(arguments) => reset_password(arguments).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let (mut cluster, url) = database(&config).await?;
    let result = serve_on(config, &url, cluster.as_mut()).await;
    stop(cluster).await.and(result)
}

async fn serve_on(config: Config, url: &str, cluster: Option<&mut Cluster>) -> anyhow::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let app = AppState::start(config, url).await?;
    let (server, address) = server::bind(&app)?;
    let handle = server.handle();
    let server = tokio::spawn(server);
    tokio::spawn(server::run_background_jobs(Arc::clone(&app)));
    tokio::spawn(server::run_search_index(Arc::clone(&app)));
    announce(address);
    let failure = tokio::select! {
        _ = interrupt.recv() => None,
        _ = terminate.recv() => None,
        error = database_failure(cluster) => Some(error),
    };
    tracing::info!("shutting down");
    if timeout(SHUTDOWN_TIMEOUT, server::stop(&app, &handle)).await.is_err() {
        tracing::error!("some requests did not finish in time");
    } else {
        server.await??;
    }
    match failure {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Waits until the private PostgreSQL fails.
async fn database_failure(cluster: Option<&mut Cluster>) -> anyhow::Error {
    match cluster {
        Some(cluster) => cluster.wait_for_failure().await,
        None => pending().await,
    }
}

async fn migrate(config: Config) -> anyhow::Result<()> {
    let (cluster, url) = database(&config).await?;
    let result = store::migrate(&url).await;
    stop(cluster).await?;
    match result? {
        steps if steps.is_empty() => tracing::info!("the database schema is up to date"),
        steps => tracing::info!("applied migrations: {}", steps.join(", ")),
    }
    Ok(())
}

/// Works also while the server is running.
#[expect(clippy::print_stdout, reason = "the output of the command")]
async fn reset_password(
    ResetPassword { username, without_second_factor, config }: ResetPassword,
) -> anyhow::Result<()> {
    let (cluster, url) = match &config.database_url {
        Some(url) => (None, url.clone()),
        None => private_postgres::connect_or_start(&config.data_dir).await?,
    };
    let url = reset_password::reset_password(&config, &url, &username, without_second_factor).await;
    stop(cluster).await?;
    println!("{username} can set a new password here, once and within an hour:\n{}", url?);
    Ok(())
}

/// Returns the URL of the configured database, or starts a private one.
async fn database(config: &Config) -> anyhow::Result<(Option<Cluster>, String)> {
    if let Some(url) = &config.database_url {
        return Ok((None, url.clone()));
    }
    let cluster = private_postgres::start(&config.data_dir).await?;
    let url = cluster.url().to_owned();
    Ok((Some(cluster), url))
}

async fn stop(cluster: Option<Cluster>) -> anyhow::Result<()> {
    match cluster {
        Some(cluster) => cluster.stop().await,
        None => Ok(()),
    }
}

#[expect(clippy::print_stdout, reason = "scripts wait for this line")]
fn announce(address: std::net::SocketAddr) {
    let host = if address.ip().is_loopback() { "localhost".to_owned() } else { address.ip().to_string() };
    println!("Chatire is at http://{host}:{}", address.port());
}
