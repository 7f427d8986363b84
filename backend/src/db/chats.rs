//! The table of chats, and the heads that number everything in them.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use shared::{changes::Changes, chat::Chat, member::Member, message::Message, problem::ProblemCode};
use uuid::Uuid;

use super::{
    members,
    schema::{
        chats::{self, dsl},
        former_uris,
    },
};
use crate::problem::Error;

/// What a chat is known by: these never change.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = chats)]
pub struct Address {
    pub id: i64,
    pub uri: String,
}

/// A chat as it was found.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = chats)]
pub struct Found {
    pub id: i64,
    pub uri: String,
    pub head: i64,
    revision: i64,
    created_at: DateTime<Utc>,
    pub name: String,
    pub topic: String,
    pub closed: bool,
    pub link_open: bool,
    pub guests: bool,
    pub approval: bool,
    slow_seconds: i32,
    retention_days: Option<i32>,
    expires_at: Option<DateTime<Utc>>,
    pub kept_from: i64,
}

impl Found {
    pub fn settings(&self) -> Chat {
        let Self {
            id, revision, created_at, closed, link_open, guests, approval, expires_at, kept_from, ..
        } = *self;
        Chat {
            id,
            revision,
            created_at,
            name: self.name.clone(),
            topic: self.topic.clone(),
            closed,
            link_open,
            guests,
            approval,
            slow_seconds: self.slow_seconds.unsigned_abs(),
            retention_days: self.retention_days.map(i32::unsigned_abs),
            expires_at,
            kept_from,
        }
    }
}

/// What a chat lets its writers do, as far as every request looks at it.
#[derive(Clone, Debug)]
pub struct Rules {
    pub chat: Address,
    /// Nobody writes any more.
    pub closed: bool,
    pub slow_seconds: u32,
}

/// A chat whose head has risen.
#[derive(Clone, Debug)]
pub struct Raised {
    pub chat_id: i64,
    pub uri: String,
    pub after: i64,
    pub head: i64,
}

impl Raised {
    /// The changes that raised it.
    pub fn changes(self, epoch: Uuid, members: Vec<Member>, messages: Vec<Message>) -> Changes {
        let Self { uri, after, head, .. } = self;
        Changes { uri, epoch, after, head, more: false, chat: None, members, messages }
    }
}

/// A chat whose row is locked until the end of the transaction, so that its numbers commit in order.
#[derive(Queryable)]
pub struct Locked {
    pub id: i64,
    pub uri: String,
    pub head: i64,
}

impl Locked {
    /// The chat after so many further changes.
    pub fn raised_by(self, changes: i64) -> Raised {
        Raised { chat_id: self.id, uri: self.uri, after: self.head, head: self.head + changes }
    }
}

/// Starts a chat. It begins with one change: its owner is in it.
pub async fn start(connection: &mut AsyncPgConnection, uri: &str, owner_id: i64) -> Result<Found, Error> {
    connection
        .transaction(async |connection| {
            let chat = diesel::insert_into(chats::table)
                .values((dsl::uri.eq(uri), dsl::head.eq(1), dsl::revision.eq(1)))
                .returning(Found::as_returning())
                .get_result(connection)
                .await?;
            members::insert_owner(connection, chat.id, owner_id, chat.created_at).await?;
            Ok(chat)
        })
        .await
}

/// The chat as it stands now, unless it has ended.
pub async fn read(connection: &mut AsyncPgConnection, id: i64) -> Result<Found, Error> {
    let chat = chats::table.find(id).select((Found::as_select(), dsl::deleted_at)).first(connection).await;
    living(chat.optional()?)
}

/// Whoever has the address of a chat may know that it has ended.
fn living<T>(found: Option<(T, Option<DateTime<Utc>>)>) -> Result<T, Error> {
    match found {
        Some((chat, None)) => Ok(chat),
        Some(_) => Err(ProblemCode::ChatEnded.into()),
        None => Err(ProblemCode::ChatNotFound.into()),
    }
}

/// The same of a chat that may just have ended.
pub(super) async fn row(connection: &mut AsyncPgConnection, id: i64) -> QueryResult<Found> {
    chats::table.find(id).select(Found::as_select()).first(connection).await
}

/// What the chat lets its writers do, unless it has ended.
pub async fn rules(connection: &mut AsyncPgConnection, id: i64) -> Result<Rules, Error> {
    let found = chats::table
        .find(id)
        .select((Address::as_select(), dsl::closed, dsl::slow_seconds, dsl::deleted_at))
        .first::<(Address, bool, i32, Option<DateTime<Utc>>)>(connection)
        .await
        .optional()?;
    let found = found.map(|(chat, closed, slow, deleted_at)| ((chat, closed, slow), deleted_at));
    let (chat, closed, slow) = living(found)?;
    Ok(Rules { chat, closed, slow_seconds: slow.unsigned_abs() })
}

/// Locks chats that have not ended, in an order that is the same for everyone, so that nobody waits in a circle.
pub async fn lock(connection: &mut AsyncPgConnection, ids: &[i64]) -> QueryResult<Vec<Locked>> {
    chats::table
        .filter(dsl::id.eq_any(ids).and(dsl::deleted_at.is_null()))
        .select((dsl::id, dsl::uri, dsl::head))
        .order(dsl::id)
        .for_update()
        .load(connection)
        .await
}

/// Gives a chat that is locked another address; the one that it had leads to it as well, for whoever is in it.
pub async fn move_to(connection: &mut AsyncPgConnection, chat: &Found, uri: &str) -> QueryResult<()> {
    diesel::insert_into(former_uris::table)
        .values((former_uris::uri.eq(&chat.uri), former_uris::chat_id.eq(chat.id)))
        .execute(connection)
        .await?;
    diesel::update(chats::table.find(chat.id)).set(dsl::uri.eq(uri)).execute(connection).await?;
    Ok(())
}

/// Sets the heads of chats that are locked.
pub async fn raise(connection: &mut AsyncPgConnection, raised: &[Raised]) -> QueryResult<()> {
    sql_query(
        "UPDATE chats SET head = risen.head FROM unnest($1, $2) AS risen (id, head) WHERE chats.id = risen.id",
    )
    .bind::<Array<BigInt>, _>(raised.iter().map(|chat| chat.chat_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(raised.iter().map(|chat| chat.head).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
