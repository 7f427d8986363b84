//! `GET /api/socket/`: authenticates and accepts WebSocket upgrades. A 101 response carries an [`AcceptedUpgrade`], with
//! which [`upgrade`] starts the connection task.

pub mod catch_up;
pub mod commands;
pub mod connection_task;
pub mod follow;
mod invalid_frame;
pub mod run_loop;
pub mod upgrade;

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{
        ConnectionType, Version,
        header::{
            AUTHORIZATION, CONTENT_LENGTH, HeaderValue, ORIGIN, SEC_WEBSOCKET_PROTOCOL, TRANSFER_ENCODING,
            UPGRADE,
        },
    },
    web::Data,
};
use shared::{paths, problem::ProblemCode, socket::PROTOCOL};

use crate::{
    auth::{Authenticated, jwt::Claims, opaque_token::OpaqueToken},
    config::Config,
    error::{ApiError, Rejection},
    http::extract::{client_ip::client_ip, origin},
    realtime::hub::connection_limit::ConnectionPermit,
    state::AppState,
};

/// The credentials of an accepted upgrade.
pub struct AcceptedUpgrade {
    claims: Claims,
    permit: ConnectionPermit,
}

/// Opens a WebSocket; docs/protocol.md describes its frames. A browser offers a ticket as its second subprotocol.
#[utoipa::path(
    get, path = paths::SOCKET, operation_id = "openSocket",
    responses((status = 101, description = "The WebSocket is open."), (status = 400), (status = 403), (status = 426)),
)]
pub async fn open(
    app: Data<AppState>,
    authenticated: Result<Authenticated, ApiError>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    if !request.headers().contains_key(UPGRADE) {
        return Ok(upgrade_required());
    }
    check_origin(&request, &app.config)?;
    check_version_and_body(&request)?;
    let (offers_protocol, ticket) = read_subprotocols(&request);
    let Authenticated { user, claims } =
        Authenticated::from_ticket_or(&app.auth, ticket, authenticated).await?;
    let mut response = actix_http::ws::handshake(request.head())
        .map_err(|error| Rejection::new(ProblemCode::Malformed).detail(error.to_string()))?;
    app.ingest.check_accepting()?;
    let permit = app.hub.acquire_permit(user.id, client_ip(&request, &app.config))?;
    if offers_protocol {
        response.insert_header((SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL)));
    }
    let mut response = HttpResponse::from(response.finish().map_into_boxed_body());
    response.extensions_mut().insert(AcceptedUpgrade { claims, permit });
    Ok(response)
}

fn upgrade_required() -> HttpResponse {
    let mut response = ApiError::from(ProblemCode::UpgradeRequired).error_response();
    response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    // Goes with `Upgrade` (RFC 9110, section 7.8).
    response.head_mut().set_connection_type(ConnectionType::Upgrade);
    response
}

/// Whether the client offers our subprotocol, and the ticket beside it.
fn read_subprotocols(request: &HttpRequest) -> (bool, Option<OpaqueToken>) {
    let headers = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL);
    let values: Vec<_> = headers
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let ticket = values.iter().find(|value| **value != PROTOCOL);
    let ticket = ticket.map(|value| OpaqueToken::from_client((*value).to_owned()));
    (values.contains(&PROTOCOL), ticket)
}

/// A handshake needs HTTP/1.1 (RFC 6455, section 4.1). The bytes of a body would be read as frames.
fn check_version_and_body(request: &HttpRequest) -> Result<(), ApiError> {
    let headers = request.headers();
    let has_body = headers.contains_key(TRANSFER_ENCODING)
        || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0");
    if request.version() < Version::HTTP_11 || has_body {
        let detail = "A WebSocket handshake needs HTTP/1.1 and has no body.";
        return Err(Rejection::new(ProblemCode::Malformed).detail(detail).into());
    }
    Ok(())
}

/// Browsers let any page open a WebSocket but send its origin, which must be ours. Other programs send no origin and must
/// send an `Authorization` header, which a page cannot set.
fn check_origin(request: &HttpRequest, config: &Config) -> Result<(), ApiError> {
    let headers = request.headers();
    if headers.contains_key(ORIGIN) || headers.contains_key(AUTHORIZATION) {
        origin::check(request, config)
    } else {
        Err(ProblemCode::NotAuthenticated.into())
    }
}
