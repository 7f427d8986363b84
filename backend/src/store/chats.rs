//! The tables `chats` and `former_uris`, and the heads that number all changes of a chat.

use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    changes::Changes,
    chat::{Chat, EditWindow},
    id::{ChatId, Head, Seq},
    member::Member,
    message::Message,
    problem::ProblemCode,
};
use uuid::Uuid;

use super::{
    enum_columns::TextEnum,
    error::StoreError,
    schema::{
        chats::{self, dsl},
        former_uris,
    },
    static_query::{Columns, StaticQuery},
};

/// How many former URIs of a chat are remembered.
const FORMER_URIS_MAX: i64 = 100;

/// Identifies a chat. The `uri` can be rotated, the `id` never changes.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = chats)]
pub struct ChatRef {
    pub id: ChatId,
    pub uri: String,
}

#[expect(clippy::struct_excessive_bools, reason = "independent settings")]
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = chats)]
pub struct ChatRow {
    pub id: ChatId,
    pub uri: String,
    pub head: Head,
    revision: Seq,
    created_at: DateTime<Utc>,
    pub name: String,
    pub topic: String,
    pub closed: bool,
    pub link_open: bool,
    pub guests_allowed: bool,
    pub approval_required: bool,
    slow_mode_seconds: i32,
    pub edit_window: EditWindow,
    pub export_allowed: bool,
    retention_days: Option<i32>,
    pub expires_at: Option<DateTime<Utc>>,
    pub first_retained_seq: Seq,
    pub pins: Vec<Seq>,
}

impl ChatRow {
    pub fn settings(&self) -> Chat {
        Chat {
            id: self.id,
            uri: self.uri.clone(),
            revision: self.revision,
            created_at: self.created_at,
            name: self.name.clone(),
            topic: self.topic.clone(),
            closed: self.closed,
            link_open: self.link_open,
            guests_allowed: self.guests_allowed,
            approval_required: self.approval_required,
            slow_mode_seconds: self.slow_mode_seconds.unsigned_abs(),
            edit_window: self.edit_window,
            export_allowed: self.export_allowed,
            retention_days: self.retention_days.map(i32::unsigned_abs),
            expires_at: self.expires_at,
            first_retained_seq: self.first_retained_seq,
            pins: self.pins.clone(),
        }
    }
}

/// The columns that a change of settings sets; `None` leaves one as it is.
#[derive(Clone, Debug, Default, PartialEq, AsChangeset)]
#[diesel(table_name = chats)]
pub struct SettingsColumns {
    pub name: Option<String>,
    pub topic: Option<String>,
    pub closed: Option<bool>,
    pub link_open: Option<bool>,
    pub guests_allowed: Option<bool>,
    pub approval_required: Option<bool>,
    pub slow_mode_seconds: Option<i32>,
    /// Set by [`update_settings`]: Diesel cannot derive it for a type of another crate.
    #[diesel(skip_update)]
    pub edit_window: Option<EditWindow>,
    pub export_allowed: Option<bool>,
    pub retention_days: Option<Option<i32>>,
    pub expires_at: Option<Option<DateTime<Utc>>>,
}

/// The settings that limit who may post, checked on every request.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = chats)]
pub struct PostingRules {
    #[diesel(embed)]
    pub chat: ChatRef,
    /// Read-only.
    pub closed: bool,
    pub slow_mode_seconds: i32,
}

/// A chat whose head advances from `after` to `head`.
#[derive(Clone, Debug)]
pub struct HeadAdvance {
    pub chat_id: ChatId,
    pub after: Head,
    pub head: Head,
}

impl HeadAdvance {
    pub fn into_changes(self, epoch: Uuid, members: Vec<Member>, messages: Vec<Message>) -> Changes {
        let Self { chat_id, after, head } = self;
        Changes { chat_id, epoch, after, head, more: false, chat: None, members, messages }
    }
}

/// A chat whose row is locked until the end of the transaction, so that its changes commit in order.
#[derive(Queryable)]
pub struct LockedChat {
    pub id: ChatId,
    pub head: Head,
    pub closed: bool,
}

impl LockedChat {
    pub fn advance(self, changes: i64) -> HeadAdvance {
        HeadAdvance { chat_id: self.id, after: self.head, head: self.head.advance(changes) }
    }
}

/// Inserts a chat whose head is 1: the membership of its owner is the first change.
pub async fn insert(connection: &mut AsyncPgConnection, uri: &str) -> Result<ChatRow, StoreError> {
    let chat = diesel::insert_into(chats::table)
        .values((dsl::uri.eq(uri), dsl::head.eq(1), dsl::revision.eq(1)))
        .returning(ChatRow::as_returning())
        .get_result(connection)
        .await?;
    Ok(chat)
}

/// The chat, unless it is deleted.
pub async fn find_active(connection: &mut AsyncPgConnection, id: ChatId) -> Result<ChatRow, StoreError> {
    let chat = chats::table.find(id).select((ChatRow::as_select(), dsl::deleted_at)).first(connection).await;
    require_active(chat.optional()?)
}

/// Whether all members may export the chat.
pub async fn is_export_allowed(connection: &mut AsyncPgConnection, id: ChatId) -> Result<bool, StoreError> {
    Ok(chats::table.find(id).select(dsl::export_allowed).first(connection).await?)
}

/// Locks the chat, unless it is deleted, until the end of the transaction.
pub async fn lock_active(connection: &mut AsyncPgConnection, id: ChatId) -> Result<ChatRow, StoreError> {
    let chat = chats::table.find(id).select((ChatRow::as_select(), dsl::deleted_at)).for_update();
    require_active(chat.first(connection).await.optional()?)
}

/// Distinguishes a deleted chat from one that never existed: the caller knows its URI.
pub(super) fn require_active<T>(found: Option<(T, Option<DateTime<Utc>>)>) -> Result<T, StoreError> {
    match found {
        Some((chat, None)) => Ok(chat),
        Some(_) => Err(ProblemCode::ChatDeleted.into()),
        None => Err(ProblemCode::ChatNotFound.into()),
    }
}

/// The chat, deleted or not.
pub async fn find(connection: &mut AsyncPgConnection, id: ChatId) -> Result<ChatRow, StoreError> {
    Ok(chats::table.find(id).select(ChatRow::as_select()).first(connection).await?)
}

/// Locks the chats that are not deleted, in ascending order of id so that transactions do not deadlock.
pub async fn lock(connection: &mut AsyncPgConnection, ids: &[ChatId]) -> Result<Vec<LockedChat>, StoreError> {
    let chats = chats::table
        .filter(dsl::id.eq_any(ids).and(dsl::deleted_at.is_null()))
        .select((dsl::id, dsl::head, dsl::closed))
        .order(dsl::id)
        .for_update()
        .load(connection)
        .await?;
    Ok(chats)
}

/// Gives a locked chat another URI. The old one still leads members to it, until it is no longer among the newest
/// [`FORMER_URIS_MAX`].
pub async fn rotate_uri(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    uri: &str,
) -> Result<(), StoreError> {
    diesel::insert_into(former_uris::table)
        .values((former_uris::uri.eq(&chat.uri), former_uris::chat_id.eq(chat.id)))
        .execute(connection)
        .await?;
    diesel::update(chats::table.find(chat.id)).set(dsl::uri.eq(uri)).execute(connection).await?;
    sql_query(
        "DELETE FROM former_uris WHERE uri IN ( \
           SELECT uri FROM former_uris WHERE chat_id = $1 ORDER BY ended_at DESC OFFSET $2)",
    )
    .bind::<BigInt, _>(chat.id)
    .bind::<BigInt, _>(FORMER_URIS_MAX)
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn update_settings(
    connection: &mut AsyncPgConnection,
    id: ChatId,
    columns: SettingsColumns,
) -> Result<(), StoreError> {
    let edit_window = columns.edit_window.map(|edit_window| dsl::edit_window.eq(edit_window.bind()));
    diesel::update(chats::table.find(id)).set((columns, edit_window)).execute(connection).await?;
    Ok(())
}

pub async fn set_first_retained_seq(
    connection: &mut AsyncPgConnection,
    id: ChatId,
    seq: Seq,
) -> Result<(), StoreError> {
    diesel::update(chats::table.find(id)).set(dsl::first_retained_seq.eq(seq)).execute(connection).await?;
    Ok(())
}

pub async fn set_pins(
    connection: &mut AsyncPgConnection,
    id: ChatId,
    pins: &[Seq],
) -> Result<(), StoreError> {
    diesel::update(chats::table.find(id)).set(dsl::pins.eq(pins)).execute(connection).await?;
    Ok(())
}

/// Sets the sequence number of the last change of the settings.
pub async fn set_revision(
    connection: &mut AsyncPgConnection,
    id: ChatId,
    revision: Seq,
) -> Result<(), StoreError> {
    diesel::update(chats::table.find(id)).set(dsl::revision.eq(revision)).execute(connection).await?;
    Ok(())
}

/// Sets the head of a locked chat, and returns the chat with it.
pub async fn set_head(
    connection: &mut AsyncPgConnection,
    id: ChatId,
    head: Head,
) -> Result<ChatRow, StoreError> {
    let chat = StaticQuery::<Columns<ChatRow>>::new("UPDATE chats SET head = ? WHERE id = ? RETURNING ?")
        .bind::<BigInt, _>(head)
        .bind::<BigInt, _>(id)
        .columns(<ChatRow as Selectable<Pg>>::construct_selection())
        .get_result(connection)
        .await?;
    Ok(chat)
}

/// Sets the heads of locked chats.
pub async fn update_heads(
    connection: &mut AsyncPgConnection,
    advances: &[HeadAdvance],
) -> Result<(), StoreError> {
    sql_query(
        "UPDATE chats SET head = new.head FROM unnest($1, $2) AS new (id, head) WHERE chats.id = new.id",
    )
    .bind::<Array<BigInt>, _>(advances.iter().map(|chat| chat.chat_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(advances.iter().map(|chat| chat.head).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks a chat as deleted and clears its settings.
pub async fn mark_deleted(connection: &mut AsyncPgConnection, id: ChatId) -> Result<(), StoreError> {
    sql_query(
        "UPDATE chats SET deleted_at = now(), name = '', topic = '', closed = true, link_open = false, \
         slow_mode_seconds = 0, retention_days = NULL, expires_at = NULL WHERE id = $1",
    )
    .bind::<BigInt, _>(id)
    .execute(connection)
    .await?;
    Ok(())
}
