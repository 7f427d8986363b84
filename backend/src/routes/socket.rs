//! The way to the socket: who may open one. The answer 101 carries an [`Admitted`], by which the connection is handed to
//! a conversation.

mod catching_up;
mod conversation;
mod following;
mod frames;
mod listening;
pub mod takeover;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{AUTHORIZATION, HeaderValue, ORIGIN, SEC_WEBSOCKET_PROTOCOL},
    web::Data,
};
use shared::{problem::ProblemCode, socket::PROTOCOL};

use crate::{
    address::address,
    app::App,
    auth::{SignedIn, keys::Claims},
    config::Config,
    hub::seats::Seat,
    origin,
    problem::{Error, Refusal},
    secret::Secret,
};

/// Somebody who may have a socket.
pub struct Admitted {
    claims: Claims,
    seat: Seat,
}

/// Opens a socket; docs/protocol.md has its frames. A browser offers a ticket as its second subprotocol.
#[utoipa::path(
    get, path = "/api/socket/",
    responses((status = 101, description = "The socket is open."), (status = 403), (status = 400)),
)]
pub async fn open(
    app: Data<App>,
    signed_in: Result<SignedIn, Error>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    check_origin(&request, &app.config)?;
    let (offers_protocol, ticket) = offered(&request);
    let SignedIn { user, claims } = match ticket.and_then(|ticket| app.tickets.redeem(&ticket)) {
        // The account may have ended since the ticket was given.
        Some(who) => SignedIn::with_claims(&app, who.claims).await?,
        None => signed_in?,
    };
    let mut response = actix_http::ws::handshake(request.head())
        .map_err(|error| Refusal::new(ProblemCode::Malformed).detail(error.to_string()))?;
    app.writer.check_open()?;
    let seat = app.seat(user.id, address(&request, &app.config))?;
    if offers_protocol {
        response.insert_header((SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL)));
    }
    let mut response = HttpResponse::from(response.finish().map_into_boxed_body());
    response.extensions_mut().insert(Admitted { claims, seat });
    Ok(response)
}

/// What stands in the subprotocols: whether ours is offered, and the ticket beside it.
fn offered(request: &HttpRequest) -> (bool, Option<Secret>) {
    let headers = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL);
    let values: Vec<_> = headers
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let ticket = values.iter().find(|value| **value != PROTOCOL);
    let ticket = ticket.map(|value| Secret::shown((*value).to_owned()));
    (values.contains(&PROTOCOL), ticket)
}

/// A browser says which page opens a socket, and lets any page do so: only ours may. A program that is not a browser
/// sends no origin, and must send the header that a page cannot.
fn check_origin(request: &HttpRequest, config: &Config) -> Result<(), Error> {
    let headers = request.headers();
    if headers.contains_key(ORIGIN) || headers.contains_key(AUTHORIZATION) {
        origin::check(request, config)
    } else {
        Err(ProblemCode::NotAuthenticated.into())
    }
}
