//! What leads to a chat: its page URL, those that it had before, and its links.

use diesel::{
    OptionalExtension,
    prelude::QueryableByName,
    sql_query,
    sql_types::{BigInt, Bytea, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest, Sha256};

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
