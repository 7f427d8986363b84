//! The HTTP server around the application: from the first connection to the last.

use std::{
    net::{SocketAddr, TcpListener},
    rc::Rc,
    sync::Arc,
    thread::available_parallelism,
    time::Duration,
};

use actix_cors::Cors;
use actix_http::{HttpService, Protocol, error::DispatchError};
use actix_server::{Server, ServerHandle};
use actix_service::{
    IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_factory, fn_service, map_config,
};
use actix_web::{
    App as ActixApp, Error,
    body::MessageBody,
    dev::{AppConfig, ServiceRequest, ServiceResponse},
    http::{Method, header},
    middleware::{NormalizePath, from_fn},
    rt::net::TcpStream,
    web::Data,
};
use anyhow::Context;
use tokio::time::timeout;

use crate::{
    app::App, exports, headers, idle, lifetime, preflight, routes, routes::socket::takeover::take_over,
    unread, wire::Wire,
};

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 2_048;
/// A connection that closes behind an answer takes in for so long what still comes: hanging up on unread bytes would take
/// the answer back.
const LINGER: Duration = Duration::from_secs(1);
/// Idle connections are kept for the next request.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How often what has run out is forgotten.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// How long commits that are under way have to end.
const STORED_WITHIN: Duration = Duration::from_secs(12);
/// How long sockets have to say goodbye, and as long again requests to end.
const GOODBYE_WITHIN: Duration = Duration::from_secs(3);

/// Listens; returns the server and the address it is at, which matters when any free port was asked for.
pub fn bind(app: &Arc<App>) -> anyhow::Result<(Server, SocketAddr)> {
    let listen = app.config.listen;
    let listener = TcpListener::bind(listen).with_context(|| {
        format!("{listen} cannot be listened on: is another program using it? Set CHATIRE_LISTEN")
    })?;
    // Many come back at once after a restart.
    rustix::net::listen(&listener, BACKLOG)?;
    let (address, app) = (listener.local_addr()?, Arc::clone(app));
    let server = Server::build()
        .workers(available_parallelism().map_or(1, usize::from))
        .shutdown_timeout(GOODBYE_WITHIN.as_secs())
        .disable_signals()
        .listen("chatire", listener, move || connection(Arc::clone(&app)))?
        .run();
    Ok((server, address))
}

/// What serves a connection: the application, and for sockets the way out of HTTP.
fn connection(
    app: Arc<App>,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()> {
    let wires = Arc::clone(&app);
    let (upgrades, closing) = (Arc::clone(&app), Arc::clone(&app));
    let head_within = app.config.limits.limit_head_time.0;
    let upgrade = fn_factory(move || {
        let app = Arc::clone(&upgrades);
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
        .client_request_timeout(head_within)
        .client_disconnect_timeout(LINGER)
        .keep_alive(KEEP_ALIVE)
        .graceful_shutdown_signal(move || {
            let mut closing = closing.hub.closing();
            async move { drop(closing.wait_for(|closing| *closing).await) }
        })
        .upgrade(upgrade)
        .finish(map_config(application(app), |()| AppConfig::default()));
    let wire = fn_service(move |stream: TcpStream| {
        let app = Arc::clone(&wires);
        async move {
            stream.set_nodelay(true)?;
            let peer = stream.peer_addr().ok();
            Ok::<_, DispatchError>((Wire::new(stream, app), Protocol::Http1, peer))
        }
    });
    wire.and_then(http)
}

fn application(
    app: Arc<App>,
) -> ActixApp<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    ActixApp::new()
        .wrap(cors(&app.config.allowed_origins))
        .wrap(from_fn(preflight::explain))
        .wrap(from_fn(unread::close))
        .wrap(from_fn(headers::add))
        .wrap(NormalizePath::trim())
        .app_data(Data::from(app))
        .configure(routes::configure)
}

/// Does what is done by the clock, until the server stops.
pub async fn tend(app: Arc<App>) {
    let sweep = async {
        let mut ticks = tokio::time::interval(SWEEP_EVERY);
        loop {
            ticks.tick().await;
            app.tickets.sweep();
            app.limits.sweep();
        }
    };
    if let Err(error) = exports::resume(&app).await {
        tracing::warn!(%error, "exports that were under way cannot go on");
    }
    tokio::select! {
        () = sweep => {}
        () = app.hub.beat() => {}
        () = lifetime::tend(&app) => {}
        () = idle::tend(&app) => {}
        () = app.store_positions() => {}
    }
}

/// Takes nothing new, stores and answers what was taken, says goodbye to every socket, lets requests end, and lets the
/// database go. A client that is refused meanwhile tries again, and finds the next server.
pub async fn stop(app: &Arc<App>, server: &ServerHandle) {
    server.pause().await;
    if timeout(STORED_WITHIN, app.writer.drain()).await.is_err() {
        tracing::warn!("the database did not keep up: what was not stored was not acknowledged either");
    }
    app.hub.close();
    let _ = timeout(GOODBYE_WITHIN, app.hub.closed()).await;
    // Before the server's threads end, and with them the connections to the database that they made.
    app.settle_positions(|_| true).await;
    server.stop(true).await;
    app.db.close();
}

fn cors(origins: &[String]) -> Cors {
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let names =
        [header::AUTHORIZATION, header::CONTENT_TYPE, header::HeaderName::from_static("idempotency-key")];
    let cors = Cors::default()
        .allowed_methods(methods)
        .allowed_headers(names)
        .expose_headers([header::RETRY_AFTER])
        .block_on_origin_mismatch(false)
        .max_age(3_600);
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}
