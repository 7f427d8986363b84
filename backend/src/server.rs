//! The HTTP server around the application: from the first connection to the last.

use std::{any::Any, net::SocketAddr, sync::Arc, time::Duration};

use actix_cors::Cors;
use actix_web::{
    App as ActixApp, HttpServer,
    dev::{Server, ServerHandle},
    http::{Method, header},
    middleware::{NormalizePath, from_fn},
    rt::net::TcpStream,
    web::Data,
};
use anyhow::Context;
use tokio::time::timeout;

use crate::{app::App, headers, routes};

/// A client has so long to send the head of a request.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// Idle connections are kept for the next request.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How often what has run out is forgotten.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// How long sockets have to say goodbye, and requests to end.
const GOODBYE_WITHIN: Duration = Duration::from_secs(3);

/// Listens; returns the server and the address it is at, which matters when any free port was asked for.
pub fn bind(app: &Arc<App>) -> anyhow::Result<(Server, SocketAddr)> {
    let listen = app.config.listen;
    let shared = Arc::clone(app);
    let server = HttpServer::new(move || {
        let app = Arc::clone(&shared);
        ActixApp::new()
            .wrap(cors(&app.config.allowed_origins))
            .wrap(from_fn(headers::add))
            .wrap(NormalizePath::trim())
            .app_data(Data::from(app))
            .configure(routes::configure)
    })
    .on_connect(|connection: &dyn Any, _| without_delay(connection))
    .client_request_timeout(HEAD_WITHIN)
    .keep_alive(KEEP_ALIVE)
    .shutdown_timeout(GOODBYE_WITHIN.as_secs())
    .disable_signals()
    .bind(listen)
    .with_context(|| {
        format!("{listen} cannot be listened on: is another program using it? Set CHATIRE_LISTEN")
    })?;
    let address = server.addrs().first().copied().unwrap_or(listen);
    Ok((server.run(), address))
}

/// Forgets now and then what has run out, for as long as the process lives.
pub async fn sweep(app: Arc<App>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    loop {
        ticks.tick().await;
        app.tickets.sweep();
        app.limits.sweep();
    }
}

/// Says goodbye to every socket, lets requests end, and lets the database go.
pub async fn stop(app: &App, server: &ServerHandle) {
    app.hub.close();
    let _ = timeout(GOODBYE_WITHIN, app.hub.closed()).await;
    server.stop(true).await;
    app.db.close();
}

/// Small frames must go out at once: actix leaves Nagle's algorithm on, which holds them for 40 ms.
fn without_delay(connection: &dyn Any) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Err(error) = stream.set_nodelay(true)
    {
        tracing::debug!(%error, "a connection keeps its delay");
    }
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
