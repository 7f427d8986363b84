//! The one statement by which nearly every message is stored.

use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

/// Messages that are most likely new, a column each.
#[derive(Default)]
pub struct NewPosts<'a> {
    /// The chats, each once, and how many messages each of them gets.
    pub chats: Vec<i64>,
    pub counts: Vec<i64>,
    pub chat_ids: Vec<i64>,
    /// Which message of this chat it is, counted from 1.
    pub nths: Vec<i64>,
    pub user_ids: Vec<i64>,
    pub client_ids: Vec<Uuid>,
    pub messages: Vec<&'a str>,
    pub created_at: DateTime<Utc>,
}

/// A message that was stored.
#[derive(Queryable)]
pub struct StoredPost {
    pub chat_id: i64,
    pub seq: i64,
    pub id: i64,
}

/// Numbers and stores the messages in one statement, which is its own transaction, and leaves out those whose chat has
/// ended. If one of them was stored before, the constraint refuses all.
pub async fn post(connection: &mut AsyncPgConnection, new: &NewPosts<'_>) -> QueryResult<Vec<StoredPost>> {
    new.load(connection).await
}

impl Query for NewPosts<'_> {
    type SqlType = (sql_types::BigInt, sql_types::BigInt, sql_types::BigInt);
}

// The text never changes, so each connection prepares it once.
impl QueryId for NewPosts<'_> {
    type QueryId = NewPosts<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for NewPosts<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        type Numbers = sql_types::Array<sql_types::BigInt>;
        out.push_sql(
            "WITH raised AS ( \
               UPDATE chats SET head = head + risen.by FROM unnest(",
        );
        out.push_bind_param::<Numbers, _>(&self.chats)?;
        out.push_sql(", ");
        out.push_bind_param::<Numbers, _>(&self.counts)?;
        out.push_sql(
            ") AS risen (chat_id, by) WHERE chats.id = risen.chat_id AND deleted_at IS NULL \
               RETURNING id, head - risen.by AS before) \
             INSERT INTO messages (chat_id, user_id, client_id, message, seq, revision, created_at) \
             SELECT raised.id, user_id, client_id, message, before + nth, before + nth, ",
        );
        out.push_bind_param::<sql_types::Timestamptz, _>(&self.created_at)?;
        out.push_sql(" FROM unnest(");
        out.push_bind_param::<Numbers, _>(&self.chat_ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Numbers, _>(&self.nths)?;
        out.push_sql(", ");
        out.push_bind_param::<Numbers, _>(&self.user_ids)?;
        out.push_sql(", ");
        out.push_bind_param::<sql_types::Array<sql_types::Uuid>, _>(&self.client_ids)?;
        out.push_sql(", ");
        out.push_bind_param::<sql_types::Array<sql_types::Text>, _>(&self.messages)?;
        out.push_sql(
            ") AS new (chat_id, nth, user_id, client_id, message) \
             JOIN raised ON raised.id = new.chat_id RETURNING chat_id, seq, id",
        );
        Ok(())
    }
}
