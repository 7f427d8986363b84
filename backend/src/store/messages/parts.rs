//! Splits a chat into parts of about the same size.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::id::Seq;

use crate::store::{chats::ChatRow, error::StoreError};

/// Messages that follow each other.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct MessagePart {
    /// The first message.
    #[diesel(sql_type = BigInt)]
    pub seq: Seq,
    /// With events and deleted messages.
    #[diesel(sql_type = BigInt)]
    pub rows: i64,
    #[diesel(sql_type = BigInt)]
    pub messages: i64,
    /// When the first and the last message were stored.
    #[diesel(sql_type = Timestamptz)]
    pub starts_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub ends_at: DateTime<Utc>,
}

/// Splits the messages of a chat that have not expired into parts of about `part_bytes`, where each message counts with its text
/// and `message_bytes`.
pub async fn split(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    message_bytes: i64,
    part_bytes: i64,
) -> Result<Vec<MessagePart>, StoreError> {
    let parts = sql_query(
        "SELECT min(seq) AS seq, count(*) AS rows, count(*) FILTER (WHERE is_text) AS messages, \
           min(created_at) AS starts_at, max(created_at) AS ends_at \
         FROM (SELECT seq, created_at, event IS NULL AND deleted_at IS NULL AS is_text, \
             (sum($3 + octet_length(message)) OVER (ORDER BY seq))::bigint / $4 AS part \
           FROM messages WHERE chat_id = $1 AND seq >= $2) AS sized \
         GROUP BY part ORDER BY part",
    );
    let parts = parts
        .bind::<BigInt, _>(chat.id)
        .bind::<BigInt, _>(chat.first_retained_seq)
        .bind::<BigInt, _>(message_bytes)
        .bind::<BigInt, _>(part_bytes);
    Ok(parts.load(connection).await?)
}
