//! Joining an open chat by its URI for the first time: one statement.

use chrono::{DateTime, Utc};
use diesel::{
    OptionalExtension,
    result::{DatabaseErrorKind, Error as DieselError},
    sql_types::{BigInt, Bool, Text, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    id::{ChatId, Seq},
    user::User,
};

use super::{
    chats::HeadAdvance, error::StoreError, members::SHARES_BROWSER_WITH_BANNED_GUEST,
    static_query::StaticQuery,
};

/// Adds the user as a writer if the chat is open and they were never a member. Every change of what this checks advances the
/// head: if one commits while this waits for the lock of the chat, the head is not the one that was read.
const JOIN: &str = "
    WITH open AS MATERIALIZED (
        SELECT id, head FROM chats
        WHERE id = ? AND uri = ? AND deleted_at IS NULL AND link_open AND NOT approval_required
          AND (guests_allowed OR NOT ?)
          AND NOT EXISTS (SELECT FROM members WHERE chat_id = ? AND user_id = ?)
          AND NOT {banned}),
    advanced AS (
        UPDATE chats SET head = chats.head + 1 FROM open
        WHERE chats.id = open.id AND chats.head = open.head AND deleted_at IS NULL
        RETURNING chats.id, chats.head)
    INSERT INTO members
        (chat_id, user_id, role, status, read_seq, seq, revision, created_at, status_changed_at)
    SELECT id, ?, 'writer', 'member', head, head, head, ?, ? FROM advanced
    RETURNING seq";

/// The number of the change. None, and nothing is changed, if the chat is not open to the user or they have a membership of
/// any status.
pub async fn join_open_chat(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    uri: &str,
    user: &User,
    at: DateTime<Utc>,
) -> Result<Option<HeadAdvance>, StoreError> {
    let query = StaticQuery::<BigInt>::new(JOIN.replace("{banned}", SHARES_BROWSER_WITH_BANNED_GUEST))
        .bind::<BigInt, _>(chat_id)
        .bind::<Text, _>(uri)
        .bind::<Bool, _>(user.guest)
        .bind::<BigInt, _>(chat_id)
        .bind::<BigInt, _>(user.id)
        .bind::<BigInt, _>(chat_id)
        .bind::<BigInt, _>(user.id)
        .bind::<BigInt, _>(user.id)
        .bind::<Timestamptz, _>(at)
        .bind::<Timestamptz, _>(at);
    let seq = match query.get_result::<Seq>(connection).await.optional() {
        // The user joins at the same moment by another server.
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => None,
        joined => joined?,
    };
    Ok(seq.map(|seq| HeadAdvance { chat_id, after: seq.preceding_head(), head: seq.as_head() }))
}
