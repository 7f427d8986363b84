//! Tickets for the socket.

use actix_web::web::{Data, Json};
use shared::socket::Ticket;

use crate::{
    app::App,
    auth::{SignedIn, tickets::TICKET_LIFE},
    problem::Error,
};

/// A ticket for one socket, or one download.
#[utoipa::path(post, path = "/auth/tickets/", responses((status = 200, body = Ticket)))]
pub async fn give(app: Data<App>, signed_in: SignedIn) -> Result<Json<Ticket>, Error> {
    app.writer.check_open()?;
    let ticket = app.tickets.give(signed_in)?.text().to_owned();
    Ok(Json(Ticket { ticket, expires_in: TICKET_LIFE.as_secs() }))
}
