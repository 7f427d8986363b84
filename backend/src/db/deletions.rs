//! Messages that are deleted: their rows stay, each with a number of its own, and hold nothing any more.

use chrono::{DateTime, Utc};
use diesel::{
    sql_query,
    sql_types::{BigInt, Timestamptz},
};
use diesel_async::RunQueryDsl;
use shared::message::{DELETED_MAX, Message};

use super::{messages, turn::Turn};
use crate::problem::Error;

impl Turn<'_> {
    /// The message at this place, unless it has vanished.
    pub async fn message(&mut self, seq: i64) -> Result<Option<Message>, Error> {
        messages::find(self.connection, &self.chat, seq).await
    }

    pub async fn delete_message(&mut self, seq: i64) -> Result<(), Error> {
        let revision = self.number();
        messages::empty(self.connection, self.chat.id, seq, revision).await
    }

    /// Deletes what the user has said since, the newest [`DELETED_MAX`] of it; returns how many that were.
    pub async fn delete_messages_of(&mut self, user_id: i64, since: DateTime<Utc>) -> Result<u32, Error> {
        let deleted = sql_query(
            "WITH found AS ( \
               SELECT id, seq FROM messages \
               WHERE chat_id = $1 AND user_id = $2 AND created_at >= $3 AND seq >= $4 \
                 AND event IS NULL AND deleted_at IS NULL ORDER BY seq DESC LIMIT $5), \
             numbered AS (SELECT id, row_number() OVER (ORDER BY seq) AS nth FROM found) \
             UPDATE messages SET message = '', deleted_at = now(), revision = $6 + nth \
             FROM numbered WHERE messages.id = numbered.id",
        )
        .bind::<BigInt, _>(self.chat.id)
        .bind::<BigInt, _>(user_id)
        .bind::<Timestamptz, _>(since)
        .bind::<BigInt, _>(self.chat.kept_from)
        .bind::<BigInt, _>(DELETED_MAX)
        .bind::<BigInt, _>(self.head())
        .execute(self.connection)
        .await?;
        let count = u32::try_from(deleted).unwrap_or(u32::MAX);
        self.has_numbered(count.into());
        Ok(count)
    }
}
