//! The table of messages.

pub mod posting;

use chrono::{DateTime, Utc};
use diesel::{dsl::exists, prelude::*, select, sql_query, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    message::{Message, PAGE_MAX, Page},
    user::User,
};
use uuid::Uuid;

use super::{
    chats::Found,
    events,
    schema::{
        messages::{self, dsl},
        users,
    },
    users::UserRow,
};
use crate::problem::Error;

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
        let event = event.map(events::event_of);
        Message {
            id,
            seq,
            revision,
            client_id,
            created_at,
            user,
            message,
            event,
            deleted: deleted_at.is_some(),
        }
    }
}

/// A message that is to be stored.
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
    /// The message as it stands once it is stored under this number.
    pub fn stored_as(self, id: i64) -> Message {
        let Self { user, client_id, message, seq, created_at, .. } = self;
        let user = user.public();
        let (event, deleted) = (None, false);
        Message { id, seq, revision: seq, client_id, created_at, user, message, event, deleted }
    }
}

#[derive(QueryableByName)]
struct Inserted {
    #[diesel(sql_type = sql_types::BigInt)]
    id: i64,
}

/// Stores messages of any chats in one statement; returns their ids in the same order.
pub async fn insert(connection: &mut AsyncPgConnection, new: &[NewMessage]) -> QueryResult<Vec<i64>> {
    fn column<T>(new: &[NewMessage], of: impl Fn(&NewMessage) -> T) -> Vec<T> {
        new.iter().map(of).collect()
    }
    let inserted: Vec<Inserted> = sql_query(
        "WITH stored AS ( \
           INSERT INTO messages (chat_id, user_id, client_id, message, seq, revision, created_at) \
           SELECT chat_id, user_id, client_id, message, seq, seq, created_at \
           FROM unnest($1, $2, $3, $4, $5, $6) WITH ORDINALITY \
             AS new (chat_id, user_id, client_id, message, seq, created_at, place) \
           ORDER BY place RETURNING id, chat_id, seq) \
         SELECT stored.id FROM stored \
         JOIN unnest($1, $5) WITH ORDINALITY AS new (chat_id, seq, place) USING (chat_id, seq) ORDER BY place",
    )
    .bind::<sql_types::Array<sql_types::BigInt>, _>(column(new, |message| message.chat_id))
    .bind::<sql_types::Array<sql_types::BigInt>, _>(column(new, |message| message.user.id))
    .bind::<sql_types::Array<sql_types::Uuid>, _>(column(new, |message| message.client_id))
    .bind::<sql_types::Array<sql_types::Text>, _>(new.iter().map(|message| message.message.as_str()).collect::<Vec<_>>())
    .bind::<sql_types::Array<sql_types::BigInt>, _>(column(new, |message| message.seq))
    .bind::<sql_types::Array<sql_types::Timestamptz>, _>(column(new, |message| message.created_at))
    .get_results(connection)
    .await?;
    Ok(inserted.into_iter().map(|row| row.id).collect())
}

/// The messages that stand under these ids of clients, with their chats: what was sent before is not stored again. May
/// hold messages that were not asked for.
pub async fn sent_before(
    connection: &mut AsyncPgConnection,
    chat_ids: &[i64],
    client_ids: &[Uuid],
) -> QueryResult<Vec<(i64, Message)>> {
    let rows = messages::table
        .inner_join(users::table)
        .filter(dsl::chat_id.eq_any(chat_ids).and(dsl::client_id.eq_any(client_ids)))
        .select((dsl::chat_id, MessageRow::as_select(), UserRow::as_select()))
        .load::<(i64, MessageRow, UserRow)>(connection)
        .await?;
    Ok(rows.into_iter().map(|(chat_id, row, user)| (chat_id, row.into_message(user.into_user()))).collect())
}

/// The messages of a chat that it keeps: what is older may still be waiting to be removed.
#[diesel::dsl::auto_type(no_type_alias)]
fn kept(chat: &Found) -> _ {
    let (chat_id, kept_from): (i64, i64) = (chat.id, chat.kept_from);
    dsl::chat_id.eq(chat_id).and(dsl::seq.ge(kept_from))
}

/// A page of messages, oldest first, and whether there are messages before it.
pub async fn page(
    connection: &mut AsyncPgConnection,
    chat: &Found,
    Page { before, after, limit }: Page,
) -> Result<(Vec<Message>, bool), Error> {
    let limit = limit.unwrap_or(PAGE_MAX);
    let Some(after) = after else {
        return backwards(connection, chat, before.unwrap_or(i64::MAX), limit).await;
    };
    let rows = messages::table
        .inner_join(users::table)
        .filter(kept(chat).and(dsl::seq.gt(after)).and(dsl::seq.lt(before.unwrap_or(i64::MAX))))
        .order(dsl::seq)
        .limit(limit)
        .select((MessageRow::as_select(), UserRow::as_select()))
        .load(connection)
        .await?;
    Ok((read(connection, rows).await?, is_any_up_to(connection, chat, after).await?))
}

/// The newest messages, oldest first, and whether there are messages before them.
pub async fn newest(
    connection: &mut AsyncPgConnection,
    chat: &Found,
    limit: usize,
) -> Result<(Vec<Message>, bool), Error> {
    backwards(connection, chat, i64::MAX, i64::try_from(limit).unwrap_or(PAGE_MAX)).await
}

async fn backwards(
    connection: &mut AsyncPgConnection,
    chat: &Found,
    before: i64,
    limit: i64,
) -> Result<(Vec<Message>, bool), Error> {
    let rows = messages::table
        .inner_join(users::table)
        .filter(kept(chat).and(dsl::seq.lt(before)))
        .order(dsl::seq.desc())
        // The one row more tells whether there are others.
        .limit(limit + 1)
        .select((MessageRow::as_select(), UserRow::as_select()))
        .load(connection)
        .await?;
    let mut found = read(connection, rows).await?;
    let wanted = usize::try_from(limit).unwrap_or_default();
    let earlier = found.len() > wanted;
    found.truncate(wanted);
    found.reverse();
    Ok((found, earlier))
}

async fn read(
    connection: &mut AsyncPgConnection,
    rows: Vec<(MessageRow, UserRow)>,
) -> QueryResult<Vec<Message>> {
    let mut messages: Vec<_> =
        rows.into_iter().map(|(row, user)| row.into_message(user.into_user())).collect();
    events::name_people(connection, messages.iter_mut().filter_map(|message| message.event.as_mut())).await?;
    Ok(messages)
}

async fn is_any_up_to(connection: &mut AsyncPgConnection, chat: &Found, seq: i64) -> Result<bool, Error> {
    let any = messages::table.filter(kept(chat).and(dsl::seq.le(seq)));
    Ok(select(exists(any)).get_result(connection).await?)
}

/// At most `limit` messages that changed after `after`, in the order of their changes.
pub async fn changed(
    connection: &mut AsyncPgConnection,
    chat: &Found,
    after: i64,
    limit: i64,
) -> Result<Vec<Message>, Error> {
    let rows = messages::table
        .inner_join(users::table)
        // Those that are new, and those that changed: an index for each.
        .filter(kept(chat))
        .filter(dsl::seq.gt(after).or(dsl::revision.ne(dsl::seq).and(dsl::revision.gt(after))))
        .order(dsl::revision)
        .limit(limit)
        .select((MessageRow::as_select(), UserRow::as_select()))
        .load(connection)
        .await?;
    Ok(read(connection, rows).await?)
}

/// The message at this place, unless it has vanished.
pub(super) async fn find(
    connection: &mut AsyncPgConnection,
    chat: &Found,
    seq: i64,
) -> Result<Option<Message>, Error> {
    let found = messages::table
        .inner_join(users::table)
        .filter(kept(chat).and(dsl::seq.eq(seq)))
        .select((MessageRow::as_select(), UserRow::as_select()))
        .load(connection)
        .await?;
    Ok(read(connection, found).await?.pop())
}

/// Leaves nothing of a message but that something was said.
pub(super) async fn empty(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    seq: i64,
    revision: i64,
) -> Result<(), Error> {
    diesel::update(messages::table.filter(dsl::chat_id.eq(chat_id).and(dsl::seq.eq(seq))))
        .set((dsl::message.eq(""), dsl::deleted_at.eq(diesel::dsl::now), dsl::revision.eq(revision)))
        .execute(connection)
        .await?;
    Ok(())
}
