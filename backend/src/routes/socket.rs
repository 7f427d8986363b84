//! The way to the socket: who may open one.

mod conversation;
mod ending;
mod guard;

use std::time::Duration;

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    body::BoxBody,
    dev,
    http::header::{HOST, HeaderValue, ORIGIN, SEC_WEBSOCKET_PROTOCOL},
    web::{Data, Payload},
};
use anyhow::anyhow;
use futures_util::StreamExt;
use shared::{problem::ProblemCode, socket::PROTOCOL};

use self::{conversation::Conversation, ending::Ending, guard::Guard};
use crate::{
    address::address,
    app::App,
    auth::SignedIn,
    config::Config,
    problem::{Error, Refusal},
};

/// The largest frame, and the largest message of several frames, in bytes.
const FRAME_MAX: usize = 64 * 1024;
/// Seconds between pings.
const HEARTBEAT: Duration = Duration::from_secs(30);

pub async fn open(
    app: Data<App>,
    signed_in: Result<SignedIn, Error>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Error> {
    check_origin(&request, &app.config)?;
    let (offers_protocol, ticket) = offered(&request);
    let who = match ticket.and_then(|ticket| app.tickets.redeem(&ticket)) {
        // The account may have ended since the ticket was given.
        Some(who) => SignedIn::with_claims(&app, who.claims).await?,
        None => signed_in?,
    };
    let (mut response, session, frames) = actix_ws::handle(&request, guarded(&request, payload).await?)
        .map_err(|error| Refusal::new(ProblemCode::Malformed).detail(error.to_string()))?;
    if offers_protocol {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
    }
    let frames = frames.max_frame_size(FRAME_MAX).aggregate_continuations().max_continuation_size(FRAME_MAX);
    let (address, app) = (address(&request, &app.config), app.into_inner());
    actix_web::rt::spawn(async move { Conversation::new(app, who, address, session).run(frames).await });
    Ok(response.map_body(|_, frames| BoxBody::new(Ending::after(frames))))
}

/// The same payload behind the guard.
async fn guarded(request: &HttpRequest, payload: Payload) -> Result<Payload, Error> {
    let guard = Guard::new(payload.into_inner(), FRAME_MAX);
    let mut payload = dev::Payload::Stream { payload: guard.boxed_local() };
    Payload::from_request(request, &mut payload).await.map_err(|error| Error::Internal(anyhow!("{error}")))
}

/// What stands in the subprotocols: whether ours is offered, and the ticket beside it.
fn offered(request: &HttpRequest) -> (bool, Option<String>) {
    let headers = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL);
    let values: Vec<_> = headers
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let ticket = values.iter().find(|value| **value != PROTOCOL).map(|value| (*value).to_owned());
    (values.contains(&PROTOCOL), ticket)
}

/// A browser says which page opens a socket, and lets any page do so: only ours may. A program that is not a browser
/// sends no origin, and must send the header that a page cannot.
fn check_origin(request: &HttpRequest, config: &Config) -> Result<(), Error> {
    let Some(origin) = request.headers().get(ORIGIN) else {
        let has_header = request.headers().contains_key(actix_web::http::header::AUTHORIZATION);
        return if has_header { Ok(()) } else { Err(ProblemCode::NotAuthenticated.into()) };
    };
    let origin = origin.to_str().unwrap_or_default();
    let ours = config.public_url.iter().chain(&config.allowed_origins).any(|known| known == origin);
    if ours || is_own_host(request, origin, config) { Ok(()) } else { Err(ProblemCode::ForeignOrigin.into()) }
}

/// Where no public URL is set, the page must come from the host that the request names.
fn is_own_host(request: &HttpRequest, origin: &str, config: &Config) -> bool {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let named = origin.split_once("://").map(|(_, named)| named);
    config.public_url.is_none() && host.is_some() && host == named
}
