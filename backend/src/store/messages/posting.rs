//! The statement that stores nearly every message.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error as DieselError},
    sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    id::{ChatId, MessageId, Seq, UserId},
    mentions::Mentions,
};
use uuid::Uuid;

use super::mentions;
use crate::store::{error::StoreError, static_query::StaticQuery};

/// Numbers and stores the messages of a batch. Skips chats that are deleted or closed, those in which an author may not
/// write, and those in which a message replies to none. A change of membership advances the head: if that happens while
/// this waits for the lock of a chat, the head is not the one that was read with the memberships, and the chat is skipped as
/// well.
const INSERT: &str = "
    WITH new AS MATERIALIZED (
        SELECT chat_id, ordinal, user_id, client_id, message, reply_to, mentions, (
            SELECT status = 'member' AND role <> 'reader' FROM members
            WHERE members.chat_id = post.chat_id AND members.user_id = post.user_id)
          AND (reply_to IS NULL OR (
            SELECT event IS NULL FROM messages AS target
            WHERE target.chat_id = post.chat_id AND target.seq = post.reply_to)) AS is_permitted
        FROM unnest(?, ?, ?, ?, ?, ?, ?) AS post (chat_id, ordinal, user_id, client_id, message, reply_to, mentions)),
    batch AS MATERIALIZED (
        SELECT chats.id, head, count(*) AS count FROM new JOIN chats ON chats.id = chat_id
        WHERE NOT closed AND deleted_at IS NULL
        GROUP BY chats.id HAVING bool_and(is_permitted IS TRUE) ORDER BY chats.id),
    advanced AS (
        UPDATE chats SET head = chats.head + batch.count FROM batch
        WHERE chats.id = batch.id AND chats.head = batch.head AND NOT closed AND deleted_at IS NULL
        RETURNING chats.id, batch.head AS previous),
    stored AS (
        INSERT INTO messages (chat_id, user_id, client_id, message, reply_to, mentions, seq, revision, created_at)
        SELECT advanced.id, user_id, client_id, message, reply_to, mentions::bigint[],
          previous + ordinal, previous + ordinal, ?
        FROM new JOIN advanced ON advanced.id = new.chat_id RETURNING chat_id, seq, id, user_id, mentions),
    mentioned AS (
        INSERT INTO message_mentions (chat_id, seq, user_id, author_id)
        SELECT chat_id, seq, unnest(CASE WHEN 0 = ANY (mentions) THEN '{0}' ELSE mentions END), user_id FROM stored)
    SELECT chat_id, seq, id FROM stored";

/// A batch of messages that are most likely new, as columns.
#[derive(Default)]
pub struct NewPosts<'a> {
    pub chat_ids: Vec<ChatId>,
    /// The position of the message among those of its chat, from 1.
    pub ordinals: Vec<i64>,
    pub user_ids: Vec<UserId>,
    pub client_ids: Vec<Uuid>,
    pub messages: Vec<&'a str>,
    pub reply_to: Vec<Option<Seq>>,
    pub mentions: Vec<&'a Mentions>,
    pub created_at: DateTime<Utc>,
}

#[derive(Queryable)]
pub struct StoredPost {
    pub chat_id: ChatId,
    pub seq: Seq,
    pub id: MessageId,
}

/// Numbers and stores the messages in one statement, which is also its transaction. Leaves out the chats in which one of
/// the messages may not be posted. [`StoreError::Conflict`] if the batch contains a message that was stored before, cannot be stored, or whose
/// chat is locked.
pub async fn insert_batch(
    connection: &mut AsyncPgConnection,
    new: &NewPosts<'_>,
) -> Result<Vec<StoredPost>, StoreError> {
    let mentions: Vec<_> = new.mentions.iter().map(|mentions| mentions::to_literal(mentions)).collect();
    StaticQuery::<(BigInt, BigInt, BigInt)>::new(INSERT)
        .bind::<Array<BigInt>, _>(&new.chat_ids)
        .bind::<Array<BigInt>, _>(&new.ordinals)
        .bind::<Array<BigInt>, _>(&new.user_ids)
        .bind::<Array<SqlUuid>, _>(&new.client_ids)
        .bind::<Array<Text>, _>(&new.messages)
        .bind::<Array<Nullable<BigInt>>, _>(&new.reply_to)
        .bind::<Array<Nullable<Text>>, _>(mentions)
        .bind::<Timestamptz, _>(new.created_at)
        .load(connection)
        .await
        .map_err(|error| match error {
            DieselError::DatabaseError(kind, _) if !matches!(kind, DatabaseErrorKind::ClosedConnection) => {
                StoreError::Conflict(error)
            }
            error => error.into(),
        })
}
