//! A transaction that changes one chat: holds the chat's lock and numbers the changes.

use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures_util::future::BoxFuture;
use shared::{
    changes::Changes,
    event::Event,
    id::{ChatId, Head, Seq, UserId},
    member::{Member, MembershipStatus, Role},
    message::Message,
    problem::ProblemCode,
};
use uuid::Uuid;

use crate::{
    error::ApiError,
    store::{
        StoreError, audit_log, changes,
        chats::{self, ChatRow},
        members::{self, MembershipChange},
        messages,
    },
};

pub struct ChatTransaction<'a> {
    pub(super) connection: &'a mut AsyncPgConnection,
    /// The chat as it was at the start.
    pub(super) chat: ChatRow,
    /// The sequence number of the last change so far.
    head: Head,
}

/// Locks the chat, runs `work` on it and advances its head. An error rolls everything back. Returns the changes to
/// publish after the commit, if there are any.
pub async fn run<T, F>(
    connection: &mut AsyncPgConnection,
    epoch: Uuid,
    chat_id: ChatId,
    work: F,
) -> Result<(T, Option<Changes>), ApiError>
where
    T: Send,
    F: for<'r> FnOnce(&'r mut ChatTransaction<'_>) -> BoxFuture<'r, Result<T, ApiError>> + Send,
{
    connection
        .transaction(async |connection| {
            let chat = chats::lock_active(connection, chat_id).await?;
            let mut transaction = ChatTransaction { head: chat.head, connection, chat };
            let output = work(&mut transaction).await?;
            let committed = transaction.finish(epoch).await?;
            Ok((output, committed))
        })
        .await
}

impl ChatTransaction<'_> {
    /// Allocates the sequence number of the next change.
    pub(super) fn next_seq(&mut self) -> Seq {
        self.advance(1);
        self.head.as_seq()
    }

    pub(super) fn head(&self) -> Head {
        self.head
    }

    /// Skips sequence numbers that a statement has allocated.
    pub(super) fn advance(&mut self, changes: i64) {
        self.head = self.head.advance(changes);
    }

    /// A member, whatever their status.
    pub(super) async fn find_member(&mut self, user_id: UserId) -> Result<Option<Member>, StoreError> {
        members::find(self.connection, self.chat.id, user_id).await
    }

    /// A message of the chat, unless it has expired.
    pub(super) async fn find_message(&mut self, seq: Seq) -> Result<Message, ApiError> {
        let message = messages::find(self.connection, &self.chat, seq).await?;
        message.ok_or_else(|| ProblemCode::NotFound.into())
    }

    /// As [`ChatTransaction::find_message`], but neither an event nor a deleted message.
    pub(super) async fn find_text(&mut self, seq: Seq) -> Result<Message, ApiError> {
        Ok(messages::find_text(self.connection, &self.chat, seq).await?)
    }

    /// Rejects users below this role. The lock keeps the role from changing until the commit.
    pub(super) async fn require_role(&mut self, user_id: UserId, least: Role) -> Result<Role, ApiError> {
        let role = self.require_member(user_id).await?;
        if role < least { Err(ProblemCode::Forbidden.into()) } else { Ok(role) }
    }

    /// The role of a member; rejects other users.
    pub(super) async fn require_member(&mut self, user_id: UserId) -> Result<Role, ApiError> {
        let role = members::find_role(self.connection, self.chat.id, user_id).await?;
        role.ok_or_else(|| ProblemCode::ChatNotFound.into())
    }

    /// Changes the status and role of an existing membership. Messages posted while the user was not a member do not
    /// count as unread.
    pub async fn set_membership(
        &mut self,
        user_id: UserId,
        status: MembershipStatus,
        role: Role,
    ) -> Result<(), ApiError> {
        let chat_id = self.chat.id;
        let was_member = members::find_role(self.connection, chat_id, user_id).await?.is_some();
        let revision = self.next_seq();
        let read_seq = (!was_member).then_some(revision);
        let change = MembershipChange { status, role, revision, read_seq };
        Ok(members::update(self.connection, chat_id, user_id, change).await?)
    }

    /// Limits the role that links give a user from now on, so that a role that was lost does not come back.
    pub(super) async fn limit_link_role(&mut self, user_id: UserId, role: Role) -> Result<(), StoreError> {
        members::set_link_role_max(self.connection, self.chat.id, user_id, role).await
    }

    /// Numbers a change of the chat's settings.
    pub(super) async fn bump_settings_revision(&mut self) -> Result<(), StoreError> {
        let revision = self.next_seq();
        chats::set_revision(self.connection, self.chat.id, revision).await
    }

    /// Appends an event message and an entry of the audit log.
    pub(super) async fn append_event(&mut self, actor_id: UserId, event: &Event) -> Result<(), ApiError> {
        let seq = self.next_seq();
        messages::insert_event(self.connection, self.chat.id, actor_id, seq, event).await?;
        self.append_audit(Some(actor_id), event).await
    }

    /// Appends an entry of the audit log alone. Without an actor, the server itself acted.
    pub(super) async fn append_audit(
        &mut self,
        actor_id: Option<UserId>,
        event: &Event,
    ) -> Result<(), ApiError> {
        Ok(audit_log::append(self.connection, self.chat.id, actor_id, event).await?)
    }

    async fn finish(self, epoch: Uuid) -> Result<Option<Changes>, StoreError> {
        let Self { connection, chat, head } = self;
        if head == chat.head {
            return Ok(None);
        }
        let changed = chats::set_head(connection, chat.id, head).await?;
        Ok(Some(changes::list_since(connection, &changed, epoch, chat.head).await?))
    }
}
