//! The table of chats, and the heads that number everything in them.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use shared::{
    changes::Changes,
    chat::Chat,
    member::{Member, Role},
    message::Message,
    problem::ProblemCode,
};
use uuid::Uuid;

use super::{
    members::{self, role_of},
    schema::{
        chats::{self, dsl},
        members as memberships,
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
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = chats)]
pub struct Found {
    pub id: i64,
    pub uri: String,
    pub head: i64,
    revision: i64,
    created_at: DateTime<Utc>,
}

impl Found {
    pub fn settings(&self) -> Chat {
        Chat { id: self.id, revision: self.revision, created_at: self.created_at }
    }
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

pub async fn find(connection: &mut AsyncPgConnection, uri: &str) -> Result<Option<Found>, Error> {
    let chat = chats::table.filter(dsl::uri.eq(uri)).select(Found::as_select()).first(connection).await;
    Ok(chat.optional()?)
}

/// The chat as it stands now.
pub async fn read(connection: &mut AsyncPgConnection, id: i64) -> Result<Found, Error> {
    let chat = chats::table.find(id).select(Found::as_select()).first(connection).await;
    chat.optional()?.ok_or_else(|| ProblemCode::ChatNotFound.into())
}

/// The chat, and the role that the user has in it, if they are in it.
pub async fn find_as_member(
    connection: &mut AsyncPgConnection,
    uri: &str,
    user_id: i64,
) -> Result<Option<(Address, Role)>, Error> {
    let found = chats::table
        .inner_join(memberships::table)
        .filter(dsl::uri.eq(uri).and(memberships::user_id.eq(user_id)))
        .select((Address::as_select(), memberships::role))
        .first::<(Address, String)>(connection)
        .await
        .optional()?;
    Ok(found.map(|(chat, role)| (chat, role_of(&role))))
}

/// Locks chats, in an order that is the same for everyone, so that nobody waits in a circle.
pub async fn lock(connection: &mut AsyncPgConnection, ids: &[i64]) -> QueryResult<Vec<Locked>> {
    chats::table
        .filter(dsl::id.eq_any(ids))
        .select((dsl::id, dsl::uri, dsl::head))
        .order(dsl::id)
        .for_update()
        .load(connection)
        .await
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
