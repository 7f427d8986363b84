//! Queries that find and remove expired messages, expired chats and what is left of deleted chats, in batches.

use diesel::{
    QueryableByName, sql_query,
    sql_types::{BigInt, Nullable},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::id::{ChatId, Seq};

use super::error::StoreError;

/// How many chats one query returns.
const CHATS_MAX: i64 = 100;
/// How many rows one statement deletes.
const ROWS_MAX: i64 = 1_000;
/// How many messages of one chat expire at a time.
const EXPIRING_MESSAGES_MAX: i64 = 10_000;

/// Deletes the rows of a chat, in the order of their foreign keys. Without the first one, no other server indexes the chat any
/// more.
const PURGE: [&str; 7] = [
    "DELETE FROM search_progress WHERE chat_id IN \
       (SELECT chat_id FROM search_progress WHERE chat_id = $1 LIMIT $2)",
    "DELETE FROM message_search WHERE (chat_id, seq) IN \
       (SELECT chat_id, seq FROM message_search WHERE chat_id = $1 LIMIT $2)",
    "DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE chat_id = $1 LIMIT $2)",
    "DELETE FROM members WHERE (chat_id, user_id) IN \
       (SELECT chat_id, user_id FROM members WHERE chat_id = $1 LIMIT $2)",
    "DELETE FROM invite_link_uses WHERE (link_id, user_id) IN \
       (SELECT link_id, user_id FROM invite_link_uses JOIN invite_links ON id = link_id \
         WHERE chat_id = $1 LIMIT $2)",
    "DELETE FROM invite_links WHERE id IN (SELECT id FROM invite_links WHERE chat_id = $1 LIMIT $2)",
    "DELETE FROM former_uris WHERE uri IN (SELECT uri FROM former_uris WHERE chat_id = $1 LIMIT $2)",
];

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: ChatId,
}

#[derive(QueryableByName)]
struct LastSeq {
    #[diesel(sql_type = Nullable<BigInt>)]
    seq: Option<Seq>,
}

/// Chats whose expiry date has passed.
pub async fn list_expired_chats(connection: &mut AsyncPgConnection) -> Result<Vec<ChatId>, StoreError> {
    let chats = "SELECT id FROM chats WHERE expires_at <= now() AND deleted_at IS NULL LIMIT $1";
    list_ids(connection, chats).await
}

/// Deleted chats of which more than the audit log is left.
pub async fn list_unpurged_chats(connection: &mut AsyncPgConnection) -> Result<Vec<ChatId>, StoreError> {
    list_ids(connection, "SELECT id FROM chats WHERE deleted_at IS NOT NULL AND NOT purged LIMIT $1").await
}

/// Chats whose oldest message is past their retention period.
pub async fn list_chats_past_retention(
    connection: &mut AsyncPgConnection,
) -> Result<Vec<ChatId>, StoreError> {
    let chats = "SELECT chats.id FROM chats CROSS JOIN LATERAL ( \
                   SELECT created_at FROM messages \
                   WHERE chat_id = chats.id AND seq >= first_retained_seq ORDER BY seq LIMIT 1) AS oldest \
                 WHERE retention_days IS NOT NULL AND deleted_at IS NULL \
                   AND oldest.created_at < now() - make_interval(days => retention_days) LIMIT $1";
    list_ids(connection, chats).await
}

async fn list_ids(connection: &mut AsyncPgConnection, query: &str) -> Result<Vec<ChatId>, StoreError> {
    let rows: Vec<Id> = sql_query(query).bind::<BigInt, _>(CHATS_MAX).get_results(connection).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The last of the oldest messages that are all past the retention period of their chat, if there are any.
pub async fn find_last_expired_seq(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
) -> Result<Option<Seq>, StoreError> {
    let last: LastSeq = sql_query(
        "SELECT max(seq) AS seq FROM ( \
           SELECT seq, bool_and(posted_at < now() - make_interval(days => retention_days)) \
             OVER (ORDER BY seq) AS is_expired \
           FROM chats CROSS JOIN LATERAL ( \
             SELECT seq, messages.created_at AS posted_at FROM messages \
             WHERE chat_id = chats.id AND seq >= first_retained_seq ORDER BY seq LIMIT $2) AS oldest \
           WHERE chats.id = $1 AND retention_days IS NOT NULL) AS aged WHERE is_expired",
    )
    .bind::<BigInt, _>(chat_id)
    .bind::<BigInt, _>(EXPIRING_MESSAGES_MAX)
    .get_result(connection)
    .await?;
    Ok(last.seq)
}

/// Deletes a batch of expired messages, and of their rows in the search index; true if there may be more.
pub async fn delete_expired_messages(connection: &mut AsyncPgConnection) -> Result<bool, StoreError> {
    let mut has_more = false;
    for table in ["message_search", "messages"] {
        let statement = sql_query(format!(
            "DELETE FROM {table} WHERE (chat_id, seq) IN ( \
               SELECT expired.chat_id, expired.seq FROM chats CROSS JOIN LATERAL ( \
                 SELECT chat_id, seq FROM {table} \
                 WHERE chat_id = chats.id AND seq < first_retained_seq ORDER BY seq LIMIT $1) AS expired \
               WHERE first_retained_seq > 0 LIMIT $1)",
        ));
        has_more |= is_full_batch(statement.bind::<BigInt, _>(ROWS_MAX).execute(connection).await?);
    }
    Ok(has_more)
}

/// Deletes everything that is left of a deleted chat except its audit log.
pub async fn purge(connection: &mut AsyncPgConnection, chat_id: ChatId) -> Result<(), StoreError> {
    for statement in PURGE {
        while delete_batch(connection, statement, chat_id).await? {}
    }
    sql_query("UPDATE chats SET purged = true WHERE id = $1 AND deleted_at IS NOT NULL")
        .bind::<BigInt, _>(chat_id)
        .execute(connection)
        .await?;
    Ok(())
}

/// True if there may be more rows.
async fn delete_batch(
    connection: &mut AsyncPgConnection,
    statement: &str,
    chat_id: ChatId,
) -> Result<bool, StoreError> {
    let statement = sql_query(statement).bind::<BigInt, _>(chat_id).bind::<BigInt, _>(ROWS_MAX);
    Ok(is_full_batch(statement.execute(connection).await?))
}

fn is_full_batch(rows: usize) -> bool {
    i64::try_from(rows).is_ok_and(|rows| rows == ROWS_MAX)
}
