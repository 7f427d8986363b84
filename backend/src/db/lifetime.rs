//! What comes to its end: chats that are deleted or whose time is over, and messages that are older than their chat keeps
//! them. Whatever may be much goes in parts.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Nullable},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::event::Event;

use super::{audit, turn::Turn};
use crate::problem::Error;

/// How many chats are looked at in one round.
const CHATS_AT_ONCE: i64 = 100;
/// How many rows one statement removes.
const ROWS_AT_ONCE: i64 = 1_000;
/// How many messages of a chat vanish in one round.
const VANISHING_AT_ONCE: i64 = 10_000;

/// What goes with a chat, in the order in which the rows name each other.
const GOES_WITH_A_CHAT: [&str; 4] = [
    "DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE chat_id = $1 LIMIT $2)",
    "DELETE FROM members WHERE (chat_id, user_id) IN \
       (SELECT chat_id, user_id FROM members WHERE chat_id = $1 LIMIT $2)",
    "DELETE FROM links WHERE id IN (SELECT id FROM links WHERE chat_id = $1 LIMIT $2)",
    "DELETE FROM former_uris WHERE uri IN (SELECT uri FROM former_uris WHERE chat_id = $1 LIMIT $2)",
];

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = Nullable<BigInt>)]
    place: Option<i64>,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Chats whose time is over.
pub async fn expired(connection: &mut AsyncPgConnection) -> Result<Vec<i64>, Error> {
    let chats = "SELECT id FROM chats WHERE expires_at <= now() AND deleted_at IS NULL LIMIT $1";
    ids(connection, chats).await
}

/// Chats that have ended, but of which more is left than the audit.
pub async fn ended(connection: &mut AsyncPgConnection) -> Result<Vec<i64>, Error> {
    ids(connection, "SELECT id FROM chats WHERE deleted_at IS NOT NULL AND NOT emptied LIMIT $1").await
}

/// Chats whose oldest message is older than they keep it.
pub async fn outliving(connection: &mut AsyncPgConnection) -> Result<Vec<i64>, Error> {
    let chats = "SELECT chats.id FROM chats CROSS JOIN LATERAL ( \
                   SELECT created_at FROM messages \
                   WHERE chat_id = chats.id AND seq >= kept_from ORDER BY seq LIMIT 1) AS oldest \
                 WHERE retention_days IS NOT NULL AND deleted_at IS NULL \
                   AND oldest.created_at < now() - make_interval(days => retention_days) LIMIT $1";
    ids(connection, chats).await
}

async fn ids(connection: &mut AsyncPgConnection, chats: &str) -> Result<Vec<i64>, Error> {
    let found: Vec<Id> = sql_query(chats).bind::<BigInt, _>(CHATS_AT_ONCE).get_results(connection).await?;
    Ok(found.into_iter().map(|chat| chat.id).collect())
}

/// Removes all that is left of a chat that has ended, but for the audit.
pub async fn empty(connection: &mut AsyncPgConnection, chat_id: i64) -> Result<(), Error> {
    for rows in GOES_WITH_A_CHAT {
        while remove(connection, rows, chat_id).await? {}
    }
    let done = sql_query("UPDATE chats SET emptied = true WHERE id = $1 AND deleted_at IS NOT NULL");
    done.bind::<BigInt, _>(chat_id).execute(connection).await?;
    Ok(())
}

/// Removes some rows; true if there may be more.
async fn remove(connection: &mut AsyncPgConnection, rows: &str, chat_id: i64) -> QueryResult<bool> {
    let removal = sql_query(rows).bind::<BigInt, _>(chat_id).bind::<BigInt, _>(ROWS_AT_ONCE);
    Ok(is_full(removal.execute(connection).await?))
}

/// Removes some messages that have vanished; true if there may be more.
pub async fn remove_vanished(connection: &mut AsyncPgConnection) -> Result<bool, Error> {
    let removal = sql_query(
        "DELETE FROM messages WHERE id IN ( \
           SELECT vanished.id FROM chats CROSS JOIN LATERAL ( \
             SELECT messages.id FROM messages \
             WHERE chat_id = chats.id AND seq < kept_from ORDER BY seq LIMIT $1) AS vanished \
           WHERE kept_from > 0 LIMIT $1)",
    );
    Ok(is_full(removal.bind::<BigInt, _>(ROWS_AT_ONCE).execute(connection).await?))
}

fn is_full(removed: usize) -> bool {
    i64::try_from(removed).is_ok_and(|removed| removed == ROWS_AT_ONCE)
}

impl Turn<'_> {
    /// Ends the chat. Nobody is the server itself, which keeps the chat's rules.
    pub async fn end_chat(&mut self, actor_id: Option<i64>) -> Result<(), Error> {
        sql_query(
            "UPDATE chats SET deleted_at = now(), name = '', topic = '', closed = true, link_open = false, \
             slow_seconds = 0, retention_days = NULL, expires_at = NULL WHERE id = $1",
        )
        .bind::<BigInt, _>(self.chat.id)
        .execute(self.connection)
        .await?;
        audit::note(self.connection, self.chat.id, actor_id, &Event::Deleted).await
    }

    /// Has the messages vanish that are older than the chat keeps them, up to the first that is not. From now on nobody
    /// reads them; the rows go later.
    pub async fn let_vanish(&mut self) -> Result<(), Error> {
        let newest = sql_query(
            "SELECT max(seq) AS place FROM ( \
               SELECT seq, bool_and(said_at < now() - make_interval(days => retention_days)) \
                 OVER (ORDER BY seq) AS is_old \
               FROM chats CROSS JOIN LATERAL ( \
                 SELECT seq, messages.created_at AS said_at FROM messages \
                 WHERE chat_id = chats.id AND seq >= kept_from ORDER BY seq LIMIT $2) AS oldest \
               WHERE chats.id = $1 AND retention_days IS NOT NULL) AS aged WHERE is_old",
        )
        .bind::<BigInt, _>(self.chat.id)
        .bind::<BigInt, _>(VANISHING_AT_ONCE)
        .get_result::<Place>(self.connection)
        .await?;
        let Some(newest) = newest.place else { return Ok(()) };
        self.keep_from(newest + 1).await
    }
}
