//! What was granted when the head of a request came is asked for again once its body is there: a body may be half a minute
//! on its way, and whoever was sent out or signed out meanwhile does nothing any more.

use actix_web::{HttpMessage, HttpRequest};
use shared::{member::Role, problem::ProblemCode};

use super::{
    keys::Claims,
    membership::Reader,
    signed_in::{app, check_session},
};
use crate::problem::Error;

/// Somebody was found to be signed in.
#[derive(Clone)]
struct Session(Claims);

/// Somebody was found to be in a chat.
#[derive(Clone)]
struct Place {
    user_id: i64,
    address: String,
    role: Role,
}

pub fn session(request: &HttpRequest, claims: &Claims) {
    request.extensions_mut().insert(Session(claims.clone()));
}

pub fn place(request: &HttpRequest, user_id: i64, address: &str, role: Role) {
    request.extensions_mut().insert(Place { user_id, address: address.to_owned(), role });
}

/// Whether all that was granted so far would be granted now.
pub async fn still(request: &HttpRequest) -> Result<(), Error> {
    let session = request.extensions().get::<Session>().cloned();
    let place = request.extensions().get::<Place>().cloned();
    if let Some(Session(claims)) = session {
        check_session(app(request)?, claims.sid, claims.sub).await?;
    }
    if let Some(Place { user_id, address, role }) = place {
        let now = Reader::find(app(request)?, user_id, &address).await?;
        if now.role < role {
            return Err(ProblemCode::Forbidden.into());
        }
    }
    Ok(())
}
