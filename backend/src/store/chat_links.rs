//! Finds a chat by its current URI, a former URI or the secret of an invite link.

use diesel::{
    OptionalExtension,
    sql_types::{BigInt, Bytea, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::id::ChatId;

use super::{error::StoreError, invite_links::hash_secret, static_query::StaticQuery};

const FIND: &str = "SELECT id FROM chats WHERE uri = ? \
    UNION ALL SELECT chat_id FROM former_uris WHERE uri = ? \
    UNION ALL SELECT chat_id FROM invite_links WHERE secret_hash = ? LIMIT 1";

/// The chat to which the URI leads or ever led.
pub async fn find_chat_id(
    connection: &mut AsyncPgConnection,
    uri: &str,
) -> Result<Option<ChatId>, StoreError> {
    let found = StaticQuery::<BigInt>::new(FIND)
        .bind::<Text, _>(uri)
        .bind::<Text, _>(uri)
        .bind::<Bytea, _>(hash_secret(uri))
        .get_result(connection)
        .await
        .optional()?;
    Ok(found)
}
