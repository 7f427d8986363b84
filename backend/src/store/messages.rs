//! The table `messages`.

pub mod mentions;
pub mod parts;
pub mod posting;
pub mod reactions;
pub mod versions;

use std::collections::HashSet;

use chrono::{DateTime, SubsecRound, Utc};
use diesel::{
    dsl::exists,
    prelude::*,
    select, sql_query,
    sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use shared::{
    event::{Event, sentence::DELETED_MESSAGE},
    file::MessageFile,
    id::{ChatId, Head, MessageId, Seq, UserId},
    mentions::Mentions,
    message::{DELETE_RECENT_MAX, MESSAGE_PAGE_MAX, Message, MessagePageQuery},
    problem::ProblemCode,
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

/// [`text_checksum`] of the text as posted, in SQL: of an edited message it is stored already.
const TEXT_CHECKSUM: &str = "coalesce(text_checksum, \
     ('x' || left(encode(sha256(convert_to(client_id::text || message, 'UTF8')), 'hex'), 4))::bit(16)::int)";

#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(super) struct MessageRow {
    id: MessageId,
    seq: Seq,
    revision: Seq,
    client_id: Uuid,
    created_at: DateTime<Utc>,
    message: String,
    reply_to: Option<Seq>,
    edited_at: Option<DateTime<Utc>>,
    event: Option<Value>,
    deleted_at: Option<DateTime<Utc>>,
    reactions: Option<Value>,
    mentions: Option<Vec<UserId>>,
    files: Option<Value>,
}

impl MessageRow {
    /// The users that it mentions have no names yet.
    pub(super) fn into_message(self, user: User) -> Message {
        let Self { id, seq, revision, client_id, created_at, reply_to, edited_at, event, .. } = self;
        let (event, deleted) = (event.map(event_messages::from_column), self.deleted_at.is_some());
        let message = if deleted { DELETED_MESSAGE.to_owned() } else { self.message };
        let (reply_to, edited_at) = (reply_to.filter(|_| !deleted), edited_at.filter(|_| !deleted));
        // A previous release, while it still runs, deletes messages without their reactions, mentions and files.
        let reactions = list_from_column(self.reactions.filter(|_| !deleted));
        let files = list_from_column(self.files.filter(|_| !deleted));
        let mentions = mentions::from_column(self.mentions.filter(|_| !deleted));
        Message {
            id,
            seq,
            revision,
            client_id,
            created_at,
            user,
            message,
            reply_to,
            mentions,
            files,
            edited_at,
            event,
            deleted,
            reactions,
        }
    }
}

/// Reads a list in JSON.
pub fn list_from_column<T: DeserializeOwned>(column: Option<Value>) -> Vec<T> {
    column.and_then(|column| serde_json::from_value(column).ok()).unwrap_or_default()
}

/// A message to store.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub chat_id: ChatId,
    pub user: User,
    pub client_id: Uuid,
    pub message: String,
    pub reply_to: Option<Seq>,
    pub mentions: Mentions,
    pub files: Vec<MessageFile>,
    pub seq: Seq,
    pub created_at: DateTime<Utc>,
}

impl NewMessage {
    /// The stored message.
    pub fn stored_as(self, id: MessageId) -> Message {
        let Self { user, client_id, message, reply_to, mentions, files, seq, created_at, .. } = self;
        Message {
            id,
            seq,
            revision: seq,
            client_id,
            created_at,
            user: user.public(),
            message,
            reply_to,
            mentions,
            files,
            edited_at: None,
            event: None,
            deleted: false,
            reactions: Vec::new(),
        }
    }
}

#[derive(QueryableByName)]
struct Inserted {
    #[diesel(sql_type = BigInt)]
    id: MessageId,
}

/// Stores messages of any chats in one statement; returns their ids in the same order.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    new: &[NewMessage],
) -> Result<Vec<MessageId>, StoreError> {
    fn column<'a, T>(new: &'a [NewMessage], value: impl Fn(&'a NewMessage) -> T) -> Vec<T> {
        new.iter().map(value).collect()
    }
    let inserted: Vec<Inserted> = sql_query(
        "WITH stored AS ( \
           INSERT INTO messages (chat_id, user_id, client_id, message, seq, revision, created_at, reply_to, mentions, files) \
           SELECT chat_id, user_id, client_id, message, seq, seq, created_at, reply_to, mentions::bigint[], files \
           FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) WITH ORDINALITY \
             AS new (chat_id, user_id, client_id, message, seq, created_at, reply_to, mentions, files, ordinal) \
           ORDER BY ordinal RETURNING id, chat_id, seq, user_id, mentions), \
         mentioned AS ( \
           INSERT INTO message_mentions (chat_id, seq, user_id, author_id) \
           SELECT chat_id, seq, unnest(CASE WHEN 0 = ANY (mentions) THEN '{0}' ELSE mentions END), user_id \
           FROM stored) \
         SELECT stored.id FROM stored \
         JOIN unnest($1, $5) WITH ORDINALITY AS new (chat_id, seq, ordinal) USING (chat_id, seq) ORDER BY ordinal",
    )
    .bind::<Array<BigInt>, _>(column(new, |message| message.chat_id))
    .bind::<Array<BigInt>, _>(column(new, |message| message.user.id))
    .bind::<Array<SqlUuid>, _>(column(new, |message| message.client_id))
    .bind::<Array<Text>, _>(column(new, |message| message.message.as_str()))
    .bind::<Array<BigInt>, _>(column(new, |message| message.seq))
    .bind::<Array<Timestamptz>, _>(column(new, |message| message.created_at))
    .bind::<Array<Nullable<BigInt>>, _>(column(new, |message| message.reply_to))
    .bind::<Array<Nullable<Text>>, _>(column(new, |message| mentions::to_literal(&message.mentions)))
    .bind::<Array<Nullable<Jsonb>>, _>(column(new, |message| files_to_column(&message.files)))
    .get_results(connection)
    .await?;
    Ok(inserted.into_iter().map(|row| row.id).collect())
}

fn files_to_column(files: &[MessageFile]) -> Option<Value> {
    // None of the types can fail to serialize.
    (!files.is_empty()).then(|| serde_json::to_value(files).ok()).flatten()
}

/// Stores an event message.
pub async fn insert_event(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    user_id: UserId,
    seq: Seq,
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

/// A message that was posted before.
#[derive(Clone, Debug)]
pub struct SentMessage {
    pub message: Message,
    /// As posted, also if the message was deleted.
    pub reply_to: Option<Seq>,
    /// Set for edited and deleted messages.
    pub text_checksum: Option<i32>,
}

impl SentMessage {
    /// Whether it was posted with this content. Of an edited or deleted message, only the checksum of that text is known
    /// here, and of a deleted one not the files.
    pub fn is_same(&self, text: &str, reply_to: Option<Seq>, file_ids: &[Uuid]) -> bool {
        let is_same_text = match self.text_checksum {
            Some(checksum) => checksum == text_checksum(self.message.client_id, text),
            None => self.message.message == text,
        };
        is_same_text
            && self.reply_to == reply_to
            && (self.message.deleted || self.message.has_files(file_ids))
    }
}

/// 16 bits tell nearly every other text from the posted one, and are too few to find it by trying.
fn text_checksum(client_id: Uuid, text: &str) -> i32 {
    let hash = Sha256::digest(format!("{client_id}{text}"));
    hash.iter().take(2).fold(0, |checksum, byte| checksum << 8 | i32::from(*byte))
}

/// The messages with these client ids, with their chats. May include messages of other authors.
pub async fn find_sent(
    connection: &mut AsyncPgConnection,
    chat_ids: &[ChatId],
    client_ids: &[Uuid],
) -> Result<Vec<(ChatId, SentMessage)>, StoreError> {
    let rows = messages::table
        .inner_join(users::table)
        .filter(dsl::chat_id.eq_any(chat_ids).and(dsl::client_id.eq_any(client_ids)))
        .select((dsl::chat_id, dsl::text_checksum, MessageRow::as_select(), UserRow::as_select()))
        .load::<(ChatId, Option<i32>, MessageRow, UserRow)>(connection)
        .await?;
    let sent = rows.into_iter().map(|(chat_id, text_checksum, row, user)| {
        let reply_to = row.reply_to;
        (chat_id, SentMessage { message: row.into_message(user.into_user()), reply_to, text_checksum })
    });
    let mut sent: Vec<_> = sent.collect();
    add_names(connection, sent.iter_mut().map(|(_, sent)| &mut sent.message).collect()).await?;
    Ok(sent)
}

#[derive(QueryableByName)]
struct ReplyTarget {
    #[diesel(sql_type = BigInt)]
    chat_id: ChatId,
    #[diesel(sql_type = BigInt)]
    seq: Seq,
}

/// Those of the messages that can be replied to: all but events. One that has expired since it was read counts too.
pub async fn find_reply_targets(
    connection: &mut AsyncPgConnection,
    targets: &[(ChatId, Seq)],
) -> Result<HashSet<(ChatId, Seq)>, StoreError> {
    if targets.is_empty() {
        return Ok(HashSet::new());
    }
    let (chat_ids, seqs): (Vec<_>, Vec<_>) = targets.iter().copied().unzip();
    let found: Vec<ReplyTarget> = sql_query(
        "SELECT target.chat_id, target.seq FROM unnest($1, $2) AS target (chat_id, seq) \
         JOIN chats ON chats.id = target.chat_id \
         WHERE target.seq > 0 AND (target.seq < first_retained_seq OR EXISTS ( \
           SELECT FROM messages WHERE messages.chat_id = target.chat_id AND messages.seq = target.seq \
             AND event IS NULL))",
    )
    .bind::<Array<BigInt>, _>(chat_ids)
    .bind::<Array<BigInt>, _>(seqs)
    .load(connection)
    .await?;
    Ok(found.into_iter().map(|target| (target.chat_id, target.seq)).collect())
}

/// When a user last posted, and under which client id.
#[derive(Clone, Copy, Debug, Queryable, Selectable)]
#[diesel(table_name = messages)]
pub struct LastPost {
    pub created_at: DateTime<Utc>,
    pub client_id: Uuid,
}

/// The last message that a user posted in a chat. Reads all their messages in this chat.
pub async fn find_last_post(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    user_id: UserId,
) -> Result<Option<LastPost>, StoreError> {
    let own = dsl::chat_id.eq(chat_id).and(dsl::user_id.eq(user_id)).and(dsl::event.is_null());
    let last = messages::table
        .filter(own)
        // By `seq` first, PostgreSQL might read the chat backwards until it finds a message of this user.
        .order((dsl::created_at.desc(), dsl::seq.desc()))
        .select(LastPost::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(last)
}

/// The messages of a chat that have not expired. The rows of expired ones are deleted later.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_retained(chat: &ChatRow) -> _ {
    let (chat_id, first_retained_seq): (ChatId, Seq) = (chat.id, chat.first_retained_seq);
    dsl::chat_id.eq(chat_id).and(dsl::seq.ge(first_retained_seq))
}

/// A page of messages, oldest first, and whether there are earlier ones.
pub async fn list_page(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    MessagePageQuery { before, after, around, since, limit }: MessagePageQuery,
) -> Result<(Vec<Message>, bool), StoreError> {
    let limit = limit.unwrap_or(MESSAGE_PAGE_MAX);
    let before = before.unwrap_or(Seq::MAX);
    let after = match since {
        Some(since) => Some(find_last_before(connection, chat, since).await?),
        None => after,
    };
    match (after, around) {
        (Some(after), _) => {
            let messages = list_after(connection, chat, after, before, limit).await?;
            Ok((messages, has_any_up_to(connection, chat, after).await?))
        }
        (None, Some(around)) => {
            let end = Seq::new(around.get().saturating_add(1));
            let (mut messages, earlier) = list_before(connection, chat, end, limit / 2 + 1).await?;
            let rest = limit.saturating_sub(i64::try_from(messages.len()).unwrap_or(limit));
            messages.extend(list_after(connection, chat, around, Seq::MAX, rest).await?);
            Ok((messages, earlier))
        }
        (None, None) => list_before(connection, chat, before, limit).await,
    }
}

/// The last message that was stored before this time, by binary search: times rise with `seq`. 0 if there is none.
async fn find_last_before(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    time: DateTime<Utc>,
) -> Result<Seq, StoreError> {
    // The message is in [low, high).
    let (mut low, mut high) = (chat.first_retained_seq.get() - 1, chat.head.get() + 1);
    while high - low > 1 {
        let middle = low.midpoint(high);
        let next: Option<(Seq, DateTime<Utc>)> = messages::table
            .filter(dsl::chat_id.eq(chat.id).and(dsl::seq.ge(Seq::new(middle))))
            .order(dsl::seq)
            .select((dsl::seq, dsl::created_at))
            .first(connection)
            .await
            .optional()?;
        match next {
            Some((seq, created_at)) if created_at < time => low = seq.get().min(high - 1),
            _ => high = middle,
        }
    }
    Ok(Seq::new(low.max(0)))
}

/// At most `limit` messages between `after` and `before`, oldest first.
pub async fn list_after(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    after: Seq,
    before: Seq,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    let rows = messages::table
        .inner_join(users::table)
        .filter(is_retained(chat).and(dsl::seq.gt(after)).and(dsl::seq.lt(before)))
        .order(dsl::seq)
        .limit(limit)
        .select((MessageRow::as_select(), UserRow::as_select()))
        .load(connection)
        .await?;
    with_names(connection, rows).await
}

/// Those of the messages that are neither deleted nor expired, oldest first.
pub async fn list_undeleted(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    seqs: &[Seq],
) -> Result<Vec<Message>, StoreError> {
    let rows = messages::table
        .inner_join(users::table)
        .filter(is_retained(chat).and(dsl::seq.eq_any(seqs)).and(dsl::deleted_at.is_null()))
        .order(dsl::seq)
        .select((MessageRow::as_select(), UserRow::as_select()))
        .load(connection)
        .await?;
    with_names(connection, rows).await
}

/// As [`list_undeleted`], only the numbers.
pub async fn find_undeleted(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    seqs: &[Seq],
) -> Result<Vec<Seq>, StoreError> {
    let undeleted = is_retained(chat).and(dsl::seq.eq_any(seqs)).and(dsl::deleted_at.is_null());
    Ok(messages::table.filter(undeleted).select(dsl::seq).load(connection).await?)
}

/// The newest messages, oldest first, and whether there are earlier ones.
pub async fn list_newest(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    limit: usize,
) -> Result<(Vec<Message>, bool), StoreError> {
    list_before(connection, chat, Seq::MAX, i64::try_from(limit).unwrap_or(MESSAGE_PAGE_MAX)).await
}

async fn list_before(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    before: Seq,
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
    add_names(connection, messages.iter_mut().collect()).await?;
    for message in &mut messages {
        if let Some(event) = &message.event {
            message.message = event.to_sentence();
        }
    }
    Ok(messages)
}

/// Adds the names of the users whom messages mention, and of those in events. No statement if there are none.
pub(super) async fn add_names(
    connection: &mut AsyncPgConnection,
    messages: Vec<&mut Message>,
) -> Result<(), StoreError> {
    let users = messages.into_iter().flat_map(|Message { event, mentions, .. }| {
        event.as_mut().and_then(Event::target_mut).into_iter().chain(&mut mentions.users)
    });
    let users = users.collect();
    event_messages::add_names(connection, users).await
}

async fn has_any_up_to(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    seq: Seq,
) -> Result<bool, StoreError> {
    let any = messages::table.filter(is_retained(chat).and(dsl::seq.le(seq)));
    Ok(select(exists(any)).get_result(connection).await?)
}

/// At most `limit` messages that changed after `after`, in the order of their changes.
pub async fn list_changed(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    after: Head,
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
    seq: Seq,
) -> Result<Option<Message>, StoreError> {
    let rows = messages::table
        .inner_join(users::table)
        .filter(is_retained(chat).and(dsl::seq.eq(seq)))
        .select((MessageRow::as_select(), UserRow::as_select()))
        .load(connection)
        .await?;
    Ok(with_names(connection, rows).await?.pop())
}

/// A message that has a text: events and deleted messages are refused.
pub async fn find_text(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    seq: Seq,
) -> Result<Message, StoreError> {
    let message = find(connection, chat, seq).await?.ok_or(ProblemCode::NotFound)?;
    if message.event.is_some() {
        return Err(ProblemCode::Conflict.into());
    }
    if message.deleted {
        return Err(ProblemCode::MessageDeleted.into());
    }
    Ok(message)
}

/// Deletes the texts of the messages with their mentions, their files, and the reactions to them; the rows stay. Numbers them from `head` + 1.
pub async fn clear(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    seqs: &[Seq],
    head: Head,
) -> Result<(), StoreError> {
    sql_query(format!(
        "WITH numbered AS ( \
           SELECT id, row_number() OVER (ORDER BY seq) AS ordinal FROM messages \
           WHERE chat_id = $1 AND seq = ANY ($2)), \
         former AS (DELETE FROM message_versions WHERE chat_id = $1 AND seq = ANY ($2)), \
         reacted AS (DELETE FROM message_reactions WHERE chat_id = $1 AND seq = ANY ($2)), \
         mentioned AS (DELETE FROM message_mentions WHERE chat_id = $1 AND seq = ANY ($2)), \
         removed_files AS ( \
           UPDATE files SET message_id = NULL FROM numbered WHERE files.message_id = numbered.id) \
         UPDATE messages SET message = '', text_checksum = {TEXT_CHECKSUM}, deleted_at = now(), \
           reactions = NULL, mentions = NULL, files = NULL, revision = $3 + ordinal \
         FROM numbered WHERE messages.id = numbered.id",
    ))
    .bind::<BigInt, _>(chat_id)
    .bind::<Array<BigInt>, _>(seqs)
    .bind::<BigInt, _>(head)
    .execute(connection)
    .await?;
    Ok(())
}

/// The messages that a user has posted or edited since then, at most the newest [`DELETE_RECENT_MAX`].
pub async fn find_recent(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    user_id: UserId,
    since: DateTime<Utc>,
) -> Result<Vec<Seq>, StoreError> {
    let texts = dsl::user_id.eq(user_id).and(dsl::event.is_null()).and(dsl::deleted_at.is_null());
    let recent = messages::table
        .filter(is_retained(chat).and(texts))
        .filter(dsl::created_at.ge(since).or(dsl::edited_at.ge(since)))
        .order(dsl::seq.desc())
        .limit(DELETE_RECENT_MAX)
        .select(dsl::seq);
    Ok(recent.load(connection).await?)
}
