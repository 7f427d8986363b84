//! Tickets for WebSockets and downloads.

use actix_web::web::{Data, Json};
use shared::{paths, socket::Ticket};

use crate::{
    auth::{Authenticated, tickets::TICKET_LIFETIME},
    error::ApiError,
    state::AppState,
};

/// Issues a ticket for one WebSocket or one download.
#[utoipa::path(
    post, path = paths::TICKETS, operation_id = "createTicket",
    responses((status = 200, body = Ticket)),
)]
pub async fn issue(
    app: Data<AppState>,
    Authenticated { claims, .. }: Authenticated,
) -> Result<Json<Ticket>, ApiError> {
    app.ingest.check_accepting()?;
    let ticket = app.auth.tickets.issue(claims)?.as_str().to_owned();
    Ok(Json(Ticket { ticket, expires_in: TICKET_LIFETIME.as_secs() }))
}
