//! A turn in a chat: everything that one act changes there, under the chat's lock, numbered, and in one transaction.

use chrono::{SubsecRound, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures_util::future::BoxFuture;
use shared::{
    changes::Changes,
    event::Event,
    member::{Member, Role, Standing},
    problem::ProblemCode,
};
use uuid::Uuid;

use super::{
    audit, changes,
    chats::{self, Found},
    events,
    members::{self, column_of, column_of_standing},
    schema::{chats::dsl as of_chats, members::dsl as of_members, messages::dsl as of_messages},
};
use crate::problem::Error;

/// A chat that is locked, so that its numbers commit in order, and how far they have risen.
pub struct Turn<'a> {
    pub connection: &'a mut AsyncPgConnection,
    /// As it was when the turn began.
    pub chat: Found,
    head: i64,
    /// Those whose place was changed though they were not in the chat: they need not know its present address.
    strangers: Vec<i64>,
}

/// What everyone shall hear of a turn.
pub struct Told {
    pub changes: Changes,
    pub strangers: Vec<i64>,
}

/// Locks the chat, has `act` change it, and raises its head; returns what was changed, as everyone shall hear it, and
/// nothing if nothing was. A refusal takes everything back.
pub async fn take<T, F>(
    connection: &mut AsyncPgConnection,
    epoch: Uuid,
    chat_id: i64,
    act: F,
) -> Result<(T, Option<Told>), Error>
where
    T: Send,
    F: for<'r> FnOnce(&'r mut Turn<'_>) -> BoxFuture<'r, Result<T, Error>> + Send,
{
    connection
        .transaction(async |connection| {
            chats::lock(connection, &[chat_id]).await?;
            let chat = chats::read(connection, chat_id).await?;
            let mut turn = Turn { head: chat.head, connection, chat, strangers: Vec::new() };
            let done = act(&mut turn).await?;
            let told = turn.end(epoch).await?;
            Ok((done, told))
        })
        .await
}

impl Turn<'_> {
    /// The number of the next change.
    pub fn number(&mut self) -> i64 {
        self.head += 1;
        self.head
    }

    /// The number of the last change so far.
    pub fn head(&self) -> i64 {
        self.head
    }

    /// So many rows were given the numbers that come next.
    pub fn has_numbered(&mut self, rows: i64) {
        self.head += rows;
    }

    /// Somebody who has or had a place in the chat.
    pub async fn member(&mut self, user_id: i64) -> Result<Option<Member>, Error> {
        members::find(self.connection, self.chat.id, user_id).await
    }

    /// Refuses whoever has not at least this role, now that nobody can change it any more.
    pub async fn check_role(&mut self, user_id: i64, least: Role) -> Result<Role, Error> {
        let role = self.role_of(user_id).await?;
        if role < least { Err(ProblemCode::Forbidden.into()) } else { Ok(role) }
    }

    /// What the actor may do, now that nobody can change it any more.
    pub async fn role_of(&mut self, user_id: i64) -> Result<Role, Error> {
        let role = members::role(self.connection, self.chat.id, user_id).await?;
        role.ok_or_else(|| ProblemCode::ChatNotFound.into())
    }

    /// Gives a member another standing and role. What was said while they were out is not unread to them.
    pub async fn place(&mut self, user_id: i64, standing: Standing, role: Role) -> Result<(), Error> {
        let was_in = members::role(self.connection, self.chat.id, user_id).await?.is_some();
        if !was_in && !standing.is_in() {
            self.strangers.push(user_id);
        }
        let revision = self.number();
        let unread_from = (!was_in).then_some(revision);
        diesel::update(of_members::members.find((self.chat.id, user_id)))
            .set((
                of_members::standing.eq(column_of_standing(standing)),
                of_members::placed_at.eq(diesel::dsl::now),
                of_members::role.eq(column_of(role)),
                of_members::revision.eq(revision),
                unread_from.map(|seq| of_members::read_seq.eq(seq)),
            ))
            .execute(self.connection)
            .await?;
        Ok(())
    }

    /// The chat's settings have changed: numbers that. The columns themselves are set by the caller.
    pub async fn touch_chat(&mut self) -> Result<(), Error> {
        let revision = self.number();
        diesel::update(of_chats::chats.find(self.chat.id))
            .set(of_chats::revision.eq(revision))
            .execute(self.connection)
            .await?;
        Ok(())
    }

    /// Says what was done, in the chat and in the audit.
    pub async fn say(&mut self, actor_id: i64, event: &Event) -> Result<(), Error> {
        let seq = self.number();
        let line = events::column_of(event)?;
        diesel::insert_into(of_messages::messages)
            .values((
                of_messages::chat_id.eq(self.chat.id),
                of_messages::seq.eq(seq),
                of_messages::revision.eq(seq),
                of_messages::user_id.eq(actor_id),
                of_messages::client_id.eq(Uuid::new_v4()),
                of_messages::message.eq(""),
                of_messages::created_at.eq(Utc::now().trunc_subsecs(3)),
                of_messages::event.eq(line),
            ))
            .execute(self.connection)
            .await?;
        self.note(actor_id, event).await
    }

    /// Says it in the audit alone.
    pub async fn note(&mut self, actor_id: i64, event: &Event) -> Result<(), Error> {
        audit::note(self.connection, self.chat.id, Some(actor_id), event).await
    }

    async fn end(self, epoch: Uuid) -> Result<Option<Told>, Error> {
        let Self { connection, chat, head, strangers } = self;
        if head == chat.head {
            return Ok(None);
        }
        diesel::update(of_chats::chats.find(chat.id))
            .set(of_chats::head.eq(head))
            .execute(connection)
            .await?;
        let now = chats::row(connection, chat.id).await?;
        let changes = changes::since(connection, &now, epoch, chat.head).await?;
        Ok(Some(Told { changes, strangers }))
    }
}
