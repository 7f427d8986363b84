//! The table `messages`.

pub mod posting;

use chrono::{DateTime, SubsecRound, Utc};
use diesel::{
    dsl::exists,
    prelude::*,
    select, sql_query,
    sql_types::{Array, BigInt, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    event::Event,
    message::{DELETE_RECENT_MAX, MESSAGE_PAGE_MAX, Message, MessagePageQuery},
    user::User,
};
use uuid::Uuid;

use super::{
    chats::ChatRow,
    error::StoreError,
    event_messages,
    schema::{
        messages::{self, dsl},
        users,
    },
    users::UserRow,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(super) struct MessageRow {
    id: i64,
    seq: i64,
    revision: i64,
    client_id: Uuid,
    created_at: DateTime<Utc>,
    message: String,
    event: Option<serde_json::Value>,
    deleted_at: Option<DateTime<Utc>>,
}

impl MessageRow {
    pub(super) fn into_message(self, user: User) -> Message {
        let Self { id, seq, revision, client_id, created_at, message, event, deleted_at } = self;
        let (event, deleted) = (event.map(event_messages::from_column), deleted_at.is_some());
        Message { id, seq, revision, client_id, created_at, user, message, event, deleted }
    }
}

/// A message to store.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub chat_id: i64,
    pub user: User,
    pub client_id: Uuid,
    pub message: String,
    pub seq: i64,
    pub created_at: DateTime<Utc>,
}

impl NewMessage {
    /// The stored message.
    pub fn stored_as(self, id: i64) -> Message {
        let Self { user, client_id, message, seq, created_at, .. } = self;
        let user = user.public();
        let (event, deleted) = (None, false);
        Message { id, seq, revision: seq, client_id, created_at, user, message, event, deleted }
    }
}

#[derive(QueryableByName)]
struct Inserted {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Stores messages of any chats in one statement; returns their ids in the same order.
pub async fn insert(connection: &mut AsyncPgConnection, new: &[NewMessage]) -> Result<Vec<i64>, StoreError> {
    fn column<'a, T>(new: &'a [NewMessage], value: impl Fn(&'a NewMessage) -> T) -> Vec<T> {
        new.iter().map(value).collect()
    }
    let inserted: Vec<Inserted> = sql_query(
        "WITH stored AS ( \
           INSERT INTO messages (chat_id, user_id, client_id, message, seq, revision, created_at) \
           SELECT chat_id, user_id, client_id, message, seq, seq, created_at \
           FROM unnest($1, $2, $3, $4, $5, $6) WITH ORDINALITY \
             AS new (chat_id, user_id, client_id, message, seq, created_at, ordinal) \
           ORDER BY ordinal RETURNING id, chat_id, seq) \
         SELECT stored.id FROM stored \
         JOIN unnest($1, $5) WITH ORDINALITY AS new (chat_id, seq, ordinal) USING (chat_id, seq) ORDER BY ordinal",
    )
    .bind::<Array<BigInt>, _>(column(new, |message| message.chat_id))
    .bind::<Array<BigInt>, _>(column(new, |message| message.user.id))
    .bind::<Array<SqlUuid>, _>(column(new, |message| message.client_id))
    .bind::<Array<Text>, _>(column(new, |message| message.message.as_str()))
    .bind::<Array<BigInt>, _>(column(new, |message| message.seq))
    .bind::<Array<Timestamptz>, _>(column(new, |message| message.created_at))
    .get_results(connection)
    .await?;
    Ok(inserted.into_iter().map(|row| row.id).collect())
}

/// Stores an event message.
pub async fn insert_event(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    user_id: i64,
    seq: i64,
    event: &Event,
) -> Result<(), StoreError> {
    diesel::insert_into(messages::table)
        .values((
            dsl::chat_id.eq(chat_id),
            dsl::seq.eq(seq),
            dsl::revision.eq(seq),
            dsl::user_id.eq(user_id),
            dsl::client_id.eq(Uuid::new_v4()),
            dsl::message.eq(""),
            dsl::created_at.eq(Utc::now().trunc_subsecs(3)),
            dsl::event.eq(event_messages::to_column(event)?),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// The messages with these client ids, with their chats. May include messages of other authors.
pub async fn find_sent(
    connection: &mut AsyncPgConnection,
    chat_ids: &[i64],
    client_ids: &[Uuid],
) -> Result<Vec<(i64, Message)>, StoreError> {
    let rows = messages::table
        .inner_join(users::table)
        .filter(dsl::chat_id.eq_any(chat_ids).and(dsl::client_id.eq_any(client_ids)))
        .select((dsl::chat_id, MessageRow::as_select(), UserRow::as_select()))
        .load::<(i64, MessageRow, UserRow)>(connection)
        .await?;
    Ok(rows.into_iter().map(|(chat_id, row, user)| (chat_id, row.into_message(user.into_user()))).collect())
}

/// The messages of a chat that have not expired. The rows of expired ones are deleted later.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_retained(chat: &ChatRow) -> _ {
    let (chat_id, first_retained_seq): (i64, i64) = (chat.id, chat.first_retained_seq);
    dsl::chat_id.eq(chat_id).and(dsl::seq.ge(first_retained_seq))
}

/// A page of messages, oldest first, and whether there are earlier ones.
pub async fn list_page(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    MessagePageQuery { before, after, limit }: MessagePageQuery,
) -> Result<(Vec<Message>, bool), StoreError> {
    let limit = limit.unwrap_or(MESSAGE_PAGE_MAX);
    let Some(after) = after else {
        return list_before(connection, chat, before.unwrap_or(i64::MAX), limit).await;
    };
    let rows = messages::table
        .inner_join(users::table)
        .filter(is_retained(chat).and(dsl::seq.gt(after)).and(dsl::seq.lt(before.unwrap_or(i64::MAX))))
        .order(dsl::seq)
        .limit(limit)
        .select((MessageRow::as_select(), UserRow::as_select()))
        .load(connection)
        .await?;
    Ok((with_names(connection, rows).await?, has_any_up_to(connection, chat, after).await?))
}

/// The newest messages, oldest first, and whether there are earlier ones.
pub async fn list_newest(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    limit: usize,
) -> Result<(Vec<Message>, bool), StoreError> {
    list_before(connection, chat, i64::MAX, i64::try_from(limit).unwrap_or(MESSAGE_PAGE_MAX)).await
}

async fn list_before(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    before: i64,
    limit: i64,
) -> Result<(Vec<Message>, bool), StoreError> {
    let rows = messages::table
        .inner_join(users::table)
        .filter(is_retained(chat).and(dsl::seq.lt(before)))
        .order(dsl::seq.desc())
        // One row more tells whether there are earlier messages.
        .limit(limit + 1)
        .select((MessageRow::as_select(), UserRow::as_select()))
        .load(connection)
        .await?;
    let mut messages = with_names(connection, rows).await?;
    let limit = usize::try_from(limit).unwrap_or_default();
    let earlier = messages.len() > limit;
    messages.truncate(limit);
    messages.reverse();
    Ok((messages, earlier))
}

async fn with_names(
    connection: &mut AsyncPgConnection,
    rows: Vec<(MessageRow, UserRow)>,
) -> Result<Vec<Message>, StoreError> {
    let mut messages: Vec<_> =
        rows.into_iter().map(|(row, user)| row.into_message(user.into_user())).collect();
    let events = messages.iter_mut().filter_map(|message| message.event.as_mut());
    event_messages::add_names(connection, events).await?;
    Ok(messages)
}

async fn has_any_up_to(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    seq: i64,
) -> Result<bool, StoreError> {
    let any = messages::table.filter(is_retained(chat).and(dsl::seq.le(seq)));
    Ok(select(exists(any)).get_result(connection).await?)
}

/// At most `limit` messages that changed after `after`, in the order of their changes.
pub async fn list_changed(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    after: i64,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    let rows = messages::table
        .inner_join(users::table)
        // New messages and changed ones: each part has its index.
        .filter(is_retained(chat))
        .filter(dsl::seq.gt(after).or(dsl::revision.ne(dsl::seq).and(dsl::revision.gt(after))))
        .order(dsl::revision)
        .limit(limit)
        .select((MessageRow::as_select(), UserRow::as_select()))
        .load(connection)
        .await?;
    with_names(connection, rows).await
}

/// The message with this sequence number, unless it has expired.
pub async fn find(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    seq: i64,
) -> Result<Option<Message>, StoreError> {
    let rows = messages::table
        .inner_join(users::table)
        .filter(is_retained(chat).and(dsl::seq.eq(seq)))
        .select((MessageRow::as_select(), UserRow::as_select()))
        .load(connection)
        .await?;
    Ok(with_names(connection, rows).await?.pop())
}

/// Deletes the text of a message; its row stays.
pub async fn clear(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    seq: i64,
    revision: i64,
) -> Result<(), StoreError> {
    diesel::update(messages::table.filter(dsl::chat_id.eq(chat_id).and(dsl::seq.eq(seq))))
        .set((dsl::message.eq(""), dsl::deleted_at.eq(diesel::dsl::now), dsl::revision.eq(revision)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes the text of the messages a user has posted since then, the newest [`DELETE_RECENT_MAX`] of them, and numbers
/// them from `head` + 1; returns how many these were.
pub async fn clear_recent(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    user_id: i64,
    since: DateTime<Utc>,
    head: i64,
) -> Result<u32, StoreError> {
    let cleared = sql_query(
        "WITH recent AS ( \
           SELECT id, seq FROM messages \
           WHERE chat_id = $1 AND user_id = $2 AND created_at >= $3 AND seq >= $4 \
             AND event IS NULL AND deleted_at IS NULL ORDER BY seq DESC LIMIT $5), \
         numbered AS (SELECT id, row_number() OVER (ORDER BY seq) AS ordinal FROM recent) \
         UPDATE messages SET message = '', deleted_at = now(), revision = $6 + ordinal \
         FROM numbered WHERE messages.id = numbered.id",
    )
    .bind::<BigInt, _>(chat.id)
    .bind::<BigInt, _>(user_id)
    .bind::<Timestamptz, _>(since)
    .bind::<BigInt, _>(chat.first_retained_seq)
    .bind::<BigInt, _>(DELETE_RECENT_MAX)
    .bind::<BigInt, _>(head)
    .execute(connection)
    .await?;
    Ok(u32::try_from(cleared).unwrap_or(u32::MAX))
}
