//! Finds a chat by its current URI, a former URI or the secret of an invite link.

use diesel::{
    OptionalExtension,
    prelude::QueryableByName,
    sql_query,
    sql_types::{BigInt, Bytea, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::id::ChatId;

use super::{error::StoreError, invite_links::hash_secret};

#[derive(QueryableByName)]
struct Target {
    #[diesel(sql_type = BigInt)]
    chat_id: ChatId,
}

/// The chat to which the URI leads or ever led.
pub async fn find_chat_id(
    connection: &mut AsyncPgConnection,
    uri: &str,
) -> Result<Option<ChatId>, StoreError> {
    let row = sql_query(
        "SELECT id AS chat_id FROM chats WHERE uri = $1 \
         UNION ALL SELECT chat_id FROM former_uris WHERE uri = $1 \
         UNION ALL SELECT chat_id FROM invite_links WHERE secret_hash = $2 LIMIT 1",
    )
    .bind::<Text, _>(uri)
    .bind::<Bytea, _>(hash_secret(uri))
    .get_result::<Target>(connection)
    .await
    .optional()?;
    Ok(row.map(|row| row.chat_id))
}
