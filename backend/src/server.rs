//! Starts and stops the HTTP server, and wires the application together.

use std::{
    hint::black_box,
    io,
    net::{IpAddr, SocketAddr, TcpListener},
    rc::Rc,
    sync::Arc,
    thread::available_parallelism,
    time::Duration,
};

use actix_cors::Cors;
use actix_http::{HttpService, KeepAlive, Protocol, error::DispatchError};
use actix_server::{Server, ServerHandle};
use actix_service::{
    IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_factory, fn_service, map_config,
};
use actix_web::{
    App as ActixApp, Error,
    body::MessageBody,
    dev::{AppConfig, ServiceRequest, ServiceResponse},
    http::{Method, header},
    middleware::{Condition, NormalizePath, from_fn},
    rt::net::TcpStream,
    web::Data,
};
use anyhow::Context;
use tokio::time::timeout;

use crate::{
    api::{self, websocket::upgrade::take_over},
    concurrency_limit::ConcurrencyLimit,
    config::Config,
    http::{
        connection::HttpConnection,
        extract::{
            client_ip::limited_peer_ip,
            idempotency_key::{IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED},
        },
        middleware::{
            close_on_unread_body, cors_error, error_headers, security_headers, track_requests, warn_of_setup,
        },
    },
    jobs::{chat_expiry, file_cleanup, guest_cleanup, host_checks, read_receipts, search_index},
    realtime::hub::heartbeat,
    state::AppState,
};

/// The size of the accept queue.
const BACKLOG: i32 = 2_048;
/// How long a closing connection still reads: closing a socket with unread bytes resets it, and the client would lose the
/// response.
const LINGER: Duration = Duration::from_secs(1);
/// How often expired tickets and rate limit entries are removed.
const CLEANUP_INTERVAL: Duration = Duration::from_mins(1);
/// How often memory that was freed is given back to the operating system, and the size of an allocation that causes it.
const MEMORY_INTERVAL: Duration = Duration::from_secs(5);
const MEMORY_BLOCK: usize = 4 * 1_024 * 1_024;
/// How long queued messages have to be committed at shutdown.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(12);
/// How long WebSockets have to close at shutdown, and then requests to finish.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// Binds the listener. Returns the server and its address, which tests with port 0 need.
pub fn bind(app: &Arc<AppState>) -> anyhow::Result<(Server, SocketAddr)> {
    let listen = app.config.listen;
    let listener = TcpListener::bind(listen).with_context(|| {
        format!("cannot listen on {listen}: is another program using it? Set CHATIRE_LISTEN")
    })?;
    // Many clients reconnect at once after a restart.
    rustix::net::listen(&listener, BACKLOG)?;
    let (address, app) = (listener.local_addr()?, Arc::clone(app));
    let connections = ConcurrencyLimit::new(app.rate_limits.http_connections_per_ip());
    let server = Server::build()
        .workers(available_parallelism().map_or(1, usize::from))
        .shutdown_timeout(CLOSE_TIMEOUT.as_secs())
        .disable_signals()
        .listen("chatire", listener, move || connection_service(Arc::clone(&app), Arc::clone(&connections)))?
        .run();
    Ok((server, address))
}

/// The service for a connection: the application, and the upgrade to a WebSocket.
fn connection_service(
    app: Arc<AppState>,
    connections: Arc<ConcurrencyLimit<IpAddr>>,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()> {
    let (upgrade_app, shutdown_app) = (Arc::clone(&app), Arc::clone(&app));
    let config = Arc::clone(&app.config);
    let header_timeout = app.config.limits.limit_header_timeout.0;
    let upgrade = fn_factory(move || {
        let app = Arc::clone(&upgrade_app);
        async move {
            let service =
                application(Arc::clone(&app)).into_factory().new_service(AppConfig::default()).await?;
            let service = Rc::new(service);
            Ok::<_, ()>(fn_service(move |request| {
                let (app, service) = (Arc::clone(&app), Rc::clone(&service));
                async move { take_over(app, &*service, request).await }
            }))
        }
    });
    let http = HttpService::build()
        .client_request_timeout(header_timeout)
        .client_disconnect_timeout(LINGER)
        // `HttpConnection` has a limit for idle connections, which also ends one that sent half a request.
        .keep_alive(KeepAlive::Os)
        .graceful_shutdown_signal(move || {
            let mut shutdown = shutdown_app.hub.subscribe_shutdown();
            async move { drop(shutdown.wait_for(|is_closing| *is_closing).await) }
        })
        .on_connect_ext(|connection: &HttpConnection, data| {
            data.insert(connection.requests());
        })
        .upgrade(upgrade)
        .finish(map_config(application(app), |()| AppConfig::default()));
    let connection = fn_service(move |stream: TcpStream| {
        std::future::ready(open_connection(stream, &config, &connections).map_err(DispatchError::Io))
    });
    connection.and_then(http)
}

/// Fails if the peer has too many connections; the caller closes this one.
fn open_connection(
    stream: TcpStream,
    config: &Config,
    connections: &Arc<ConcurrencyLimit<IpAddr>>,
) -> io::Result<(HttpConnection, Protocol, Option<SocketAddr>)> {
    stream.set_nodelay(true)?;
    let peer = stream.peer_addr()?;
    let permit = limited_peer_ip(peer.ip(), config)
        .map(|ip| connections.acquire(ip).ok_or_else(|| io::Error::other("too many connections")))
        .transpose()?;
    Ok((HttpConnection::new(stream, permit), Protocol::Http1, Some(peer)))
}

fn application(
    app: Arc<AppState>,
) -> ActixApp<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let origins = &app.config.allowed_origins;
    ActixApp::new()
        .wrap(Condition::new(!origins.is_empty(), cors(origins)))
        .wrap(from_fn(cors_error::replace_body))
        .wrap(from_fn(close_on_unread_body::close))
        .wrap(from_fn(error_headers::add))
        .wrap(from_fn(security_headers::add))
        .wrap(NormalizePath::trim())
        .wrap(from_fn(warn_of_setup::warn))
        .wrap(from_fn(track_requests::track))
        .app_data(Data::from(Arc::clone(&app.config)))
        .app_data(Data::from(Arc::clone(&app.auth)))
        .app_data(Data::from(app))
        .configure(api::configure)
}

/// Runs the periodic jobs until the server stops.
pub async fn run_background_jobs(app: Arc<AppState>) {
    let cleanup = async {
        let mut ticks = tokio::time::interval(CLEANUP_INTERVAL);
        loop {
            ticks.tick().await;
            app.auth.tickets.remove_expired();
            app.rate_limits.remove_expired();
        }
    };
    let memory = async {
        let mut ticks = tokio::time::interval(MEMORY_INTERVAL);
        loop {
            ticks.tick().await;
            give_back_memory();
        }
    };
    if let Err(error) = app.data_exporter.resume_unfinished().await {
        tracing::warn!(%error, "cannot resume unfinished data exports");
    }
    tokio::select! {
        () = cleanup => {}
        () = memory => {}
        () = heartbeat::run(&app.hub) => {}
        () = host_checks::run(&app.config) => {}
        () = chat_expiry::run(&app.db, &app.chats) => {}
        () = file_cleanup::run(&app.db, &app.file_storage) => {}
        () = guest_cleanup::run(&app.account_removal) => {}
        () = read_receipts::run(&app.read_receipts) => {}
    }
}

/// Keeps the search index up to date until the server stops.
pub async fn run_search_index(app: Arc<AppState>) {
    search_index::run(&app.db, &app.hub.changed_chats).await;
}

/// mimalloc gives memory back a second after it was freed, but only when a thread frees a large block. Without requests no
/// thread does, and the memory of the last uploads would stay.
fn give_back_memory() {
    drop(black_box(Vec::<u8>::with_capacity(MEMORY_BLOCK)));
}

/// Stops accepting work, commits and acknowledges queued messages, closes all WebSockets, waits for requests, and closes the
/// database pool. Clients that are rejected meanwhile retry and reach the next server.
pub async fn stop(app: &Arc<AppState>, server: &ServerHandle) {
    server.pause().await;
    if timeout(DRAIN_TIMEOUT, app.ingest.drain()).await.is_err() {
        tracing::warn!("some messages were not committed in time; they were not acknowledged");
    }
    app.hub.shut_down();
    let _ = timeout(CLOSE_TIMEOUT, app.hub.wait_until_closed()).await;
    // Before the server threads end, because their database connections end with them.
    app.read_receipts.flush(|_| true).await;
    server.stop(true).await;
    app.db.close();
}

fn cors(origins: &[String]) -> Cors {
    let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let headers = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::IF_NONE_MATCH,
        header::HeaderName::from_static(IDEMPOTENCY_KEY),
        header::HeaderName::from_static("last-event-id"),
    ];
    let cors = Cors::default()
        .allowed_methods(methods)
        .allowed_headers(headers)
        .expose_headers([
            header::ALLOW,
            header::ETAG,
            header::RETRY_AFTER,
            header::HeaderName::from_static(IDEMPOTENCY_REPLAYED),
        ])
        .block_on_origin_mismatch(false)
        .max_age(3_600);
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}
