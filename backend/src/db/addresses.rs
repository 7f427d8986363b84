//! What leads to a chat: its page URL, those that it had before, and its links.

use diesel::{
    OptionalExtension,
    prelude::QueryableByName,
    sql_query,
    sql_types::{BigInt, Bytea, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest, Sha256};

use shared::{member::Role, problem::ProblemCode};

use super::{chats::Found, links, members::Place};
use crate::problem::Error;

#[derive(QueryableByName)]
struct Led {
    #[diesel(sql_type = BigInt)]
    chat_id: i64,
}

/// What is stored of a link's secret: whoever reads the database cannot come in by it.
pub fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

/// The chat to which the address leads or ever led.
pub async fn chat_of(connection: &mut AsyncPgConnection, address: &str) -> Result<Option<i64>, Error> {
    let led = sql_query(
        "SELECT id AS chat_id FROM chats WHERE uri = $1 \
         UNION ALL SELECT chat_id FROM former_uris WHERE uri = $1 \
         UNION ALL SELECT chat_id FROM links WHERE secret_hash = $2 LIMIT 1",
    )
    .bind::<Text, _>(address)
    .bind::<Bytea, _>(hash(address))
    .get_result::<Led>(connection)
    .await
    .optional()?;
    Ok(led.map(|led| led.chat_id))
}

/// How an address leads into a chat.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// What it lets one do there.
    pub role: Role,
    /// By which link; nothing is the page URL.
    pub link_id: Option<i64>,
    /// Why it lets nobody in, if so.
    pub shut: Option<ProblemCode>,
}

impl Way {
    /// Whether it lets somebody in who has or had this place. Whoever came by a link before has been counted already.
    pub fn lets_in(&self, place: Option<&Place>) -> Result<(), ProblemCode> {
        match self.shut {
            None => Ok(()),
            Some(ProblemCode::LinkUsedUp) if self.is_known_to(place) => Ok(()),
            Some(why) => Err(why),
        }
    }

    /// Whether it is a link by which this place was got.
    pub fn is_known_to(&self, place: Option<&Place>) -> bool {
        self.link_id.is_some() && place.is_some_and(|place| place.link_id == self.link_id)
    }
}

/// How the address leads into the chat, of which is known that it leads or led there.
pub async fn way(connection: &mut AsyncPgConnection, chat: &Found, address: &str) -> Result<Way, Error> {
    if address == chat.uri {
        let shut = (!chat.link_open).then_some(ProblemCode::LinkClosed);
        return Ok(Way { role: Role::Writer, link_id: None, shut });
    }
    let former = Way { role: Role::Writer, link_id: None, shut: Some(ProblemCode::LinkRevoked) };
    Ok(links::way(connection, chat.id, address).await?.unwrap_or(former))
}
