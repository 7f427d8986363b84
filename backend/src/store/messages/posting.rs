//! The statement that stores nearly every message.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error as DieselError},
    sql_types::{Array, BigInt, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::store::{error::StoreError, static_query::StaticQuery};

/// Numbers and stores the messages of a batch. Skips deleted chats.
const INSERT: &str = "
    WITH advanced AS (
        UPDATE chats SET head = head + batch.count FROM unnest(?, ?) AS batch (chat_id, count)
        WHERE chats.id = batch.chat_id AND deleted_at IS NULL
        RETURNING id, head - batch.count AS previous)
    INSERT INTO messages (chat_id, user_id, client_id, message, seq, revision, created_at)
    SELECT advanced.id, user_id, client_id, message, previous + ordinal, previous + ordinal, ?
    FROM unnest(?, ?, ?, ?, ?) AS new (chat_id, ordinal, user_id, client_id, message)
    JOIN advanced ON advanced.id = new.chat_id RETURNING chat_id, seq, id";

/// A batch of messages that are most likely new, as columns.
#[derive(Default)]
pub struct NewPosts<'a> {
    /// Each chat once, and the number of its messages.
    pub chats: Vec<i64>,
    pub counts: Vec<i64>,
    pub chat_ids: Vec<i64>,
    /// The position of the message among those of its chat, from 1.
    pub ordinals: Vec<i64>,
    pub user_ids: Vec<i64>,
    pub client_ids: Vec<Uuid>,
    pub messages: Vec<&'a str>,
    pub created_at: DateTime<Utc>,
}

#[derive(Queryable)]
pub struct StoredPost {
    pub chat_id: i64,
    pub seq: i64,
    pub id: i64,
}

/// Numbers and stores the messages in one statement, which is also its transaction. Messages of deleted chats are left
/// out. [`StoreError::Conflict`] if the batch contains a message that was stored before, cannot be stored, or whose
/// chat is locked.
pub async fn insert_batch(
    connection: &mut AsyncPgConnection,
    new: &NewPosts<'_>,
) -> Result<Vec<StoredPost>, StoreError> {
    StaticQuery::<(BigInt, BigInt, BigInt)>::new(INSERT)
        .bind::<Array<BigInt>, _>(&new.chats)
        .bind::<Array<BigInt>, _>(&new.counts)
        .bind::<Timestamptz, _>(new.created_at)
        .bind::<Array<BigInt>, _>(&new.chat_ids)
        .bind::<Array<BigInt>, _>(&new.ordinals)
        .bind::<Array<BigInt>, _>(&new.user_ids)
        .bind::<Array<SqlUuid>, _>(&new.client_ids)
        .bind::<Array<Text>, _>(&new.messages)
        .load(connection)
        .await
        .map_err(|error| match error {
            DieselError::DatabaseError(kind, _) if !matches!(kind, DatabaseErrorKind::ClosedConnection) => {
                StoreError::Conflict(error)
            }
            error => error.into(),
        })
}
