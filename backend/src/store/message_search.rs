//! The tables `message_search` and `search_progress`: finding messages, and indexing them.

use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use serde_json::Value;
use shared::{
    id::{ChatId, Head, MessageId, Seq, UserId},
    message::Message,
};

use super::{
    error::StoreError,
    messages::{self as store_messages, MessageRow},
    schema::{chats, messages, users},
    users::UserRow,
};

/// How many chats of a user are searched: those that they joined last.
pub const SEARCHED_CHATS_MAX: usize = 2_000;
/// How many users of a search's chats are compared with the name of an author.
const NAMES_MAX: i64 = 20_000;

/// One snapshot for all statements of a search. Statistics tell little about the keys: without the index, a search would read
/// the whole table.
const SEARCH_SETTINGS: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
    SET LOCAL statement_timeout = '2s'; SET LOCAL enable_seqscan = off; SET LOCAL jit = off; \
    SET LOCAL max_parallel_workers_per_gather = 0";
/// What a crash loses of the index is indexed again.
const INDEX_SETTINGS: &str = "SET LOCAL synchronous_commit = off";

/// A chat that is searched.
#[derive(QueryableByName)]
pub struct SearchedChat {
    #[diesel(sql_type = BigInt)]
    pub id: ChatId,
    #[diesel(sql_type = BigInt)]
    first_retained_seq: Seq,
    #[diesel(sql_type = BigInt)]
    indexed_head: Head,
    #[diesel(sql_type = Bool)]
    pub is_indexed: bool,
    /// The ids of the oldest and the newest message; none if there are no messages.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub first_id: Option<MessageId>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub last_id: Option<MessageId>,
}

/// A message with a text.
#[derive(QueryableByName)]
pub struct TextMessage {
    #[diesel(sql_type = BigInt)]
    pub id: MessageId,
    #[diesel(sql_type = BigInt)]
    pub chat_id: ChatId,
    #[diesel(sql_type = BigInt)]
    pub user_id: UserId,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub message: String,
    /// The column `messages.mentions`.
    #[diesel(sql_type = Nullable<Array<BigInt>>)]
    pub mentions: Option<Vec<UserId>>,
    /// The column `messages.files`.
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub files: Option<Value>,
}

/// A row of the index, and the message as it is now; none if it is deleted or has expired.
#[derive(QueryableByName)]
pub struct Candidate {
    #[diesel(sql_type = BigInt)]
    pub found_id: MessageId,
    #[diesel(embed)]
    pub message: Option<TextMessage>,
}

/// The messages that one statement looks for in the index.
#[derive(Debug)]
pub struct CandidateQuery<'a> {
    pub all_keys: &'a [i32],
    pub any_keys: &'a [Vec<i32>],
    pub from_id: MessageId,
    pub before_id: MessageId,
    pub limit: i64,
}

#[derive(QueryableByName)]
struct NamedUser {
    #[diesel(sql_type = BigInt)]
    id: UserId,
    #[diesel(sql_type = Text)]
    username: String,
    #[diesel(sql_type = Text)]
    display_name: String,
}

/// A message that was found, with its chat.
pub struct FoundMessage {
    pub chat_id: ChatId,
    pub uri: String,
    pub chat_name: String,
    pub message: Message,
}

/// Prepares a transaction that searches: it only reads, and each statement has a time limit.
pub async fn prepare_search(connection: &mut AsyncPgConnection) -> Result<(), StoreError> {
    Ok(connection.batch_execute(SEARCH_SETTINGS).await?)
}

/// The chats of which the user is a member, or only this one.
pub async fn list_searched_chats(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    chat_id: Option<ChatId>,
) -> Result<Vec<SearchedChat>, StoreError> {
    let chats = sql_query(format!(
        "SELECT chats.id, first_retained_seq, coalesce(search_progress.head, 0) AS indexed_head, \
           coalesce(search_progress.head >= chats.head, false) AS is_indexed, \
           (SELECT messages.id FROM messages WHERE messages.chat_id = chats.id AND seq >= first_retained_seq \
             ORDER BY seq LIMIT 1) AS first_id, \
           (SELECT messages.id FROM messages WHERE messages.chat_id = chats.id AND seq >= first_retained_seq \
             ORDER BY seq DESC LIMIT 1) AS last_id \
         FROM members JOIN chats ON chats.id = members.chat_id AND deleted_at IS NULL \
           LEFT JOIN search_progress ON search_progress.chat_id = chats.id \
         WHERE user_id = $1 AND status = 'member' AND ($2 IS NULL OR chats.id = $2) \
         ORDER BY members.created_at DESC LIMIT {SEARCHED_CHATS_MAX}",
    ))
    .bind::<BigInt, _>(user_id)
    .bind::<Nullable<BigInt>, _>(chat_id);
    Ok(chats.load(connection).await?)
}

/// The present and former members of the chats of whom a name fits, and whether all were compared.
pub async fn find_authors(
    connection: &mut AsyncPgConnection,
    chats: &[SearchedChat],
    has_name: impl Fn(&str) -> bool,
) -> Result<(Vec<UserId>, bool), StoreError> {
    let chat_ids: Vec<_> = chats.iter().map(|chat| chat.id).collect();
    let users: Vec<NamedUser> = sql_query(
        "SELECT users.id, username, display_name FROM users WHERE deleted_at IS NULL AND id IN ( \
           SELECT user_id FROM members WHERE chat_id = ANY ($1)) LIMIT $2",
    )
    .bind::<Array<BigInt>, _>(chat_ids)
    .bind::<BigInt, _>(NAMES_MAX)
    .load(connection)
    .await?;
    let is_complete = i64::try_from(users.len()).is_ok_and(|count| count < NAMES_MAX);
    let named = users.into_iter().filter(|user| has_name(&user.username) || has_name(&user.display_name));
    Ok((named.map(|user| user.id).collect(), is_complete))
}

/// The messages of the chats that have changed since they were indexed, the newest first, and at most `limit`. The changes are
/// found by their index, and sorted then.
pub async fn list_unindexed(
    connection: &mut AsyncPgConnection,
    chats: &[SearchedChat],
    before_id: MessageId,
    limit: i64,
) -> Result<Vec<TextMessage>, StoreError> {
    let behind = || chats.iter().filter(|chat| !chat.is_indexed);
    if behind().next().is_none() {
        return Ok(Vec::new());
    }
    let messages = sql_query(
        "SELECT changed.* FROM unnest($1, $2, $3) AS searched (chat_id, indexed_head, first_seq) \
         CROSS JOIN LATERAL ( \
           (SELECT id, chat_id, user_id, created_at, message, mentions, files FROM messages \
             WHERE chat_id = searched.chat_id AND seq > indexed_head AND seq >= first_seq AND id < $4 \
               AND event IS NULL AND deleted_at IS NULL ORDER BY seq DESC LIMIT $5) \
           UNION ALL \
           (SELECT edited.* FROM (SELECT id, chat_id, user_id, created_at, message, mentions, files FROM messages \
               WHERE chat_id = searched.chat_id AND seq <= indexed_head AND seq >= first_seq AND id < $4 \
                 AND revision <> seq AND revision > indexed_head \
                 AND event IS NULL AND deleted_at IS NULL OFFSET 0) AS edited \
             ORDER BY id DESC LIMIT $5)) AS changed \
         ORDER BY id DESC LIMIT $5",
    )
    .bind::<Array<BigInt>, _>(behind().map(|chat| chat.id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(behind().map(|chat| chat.indexed_head).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(behind().map(|chat| chat.first_retained_seq).collect::<Vec<_>>())
    .bind::<BigInt, _>(before_id)
    .bind::<BigInt, _>(limit);
    Ok(messages.load(connection).await?)
}

/// The newest messages whose keys fit.
pub async fn list_candidates(
    connection: &mut AsyncPgConnection,
    query: CandidateQuery<'_>,
) -> Result<Vec<Candidate>, StoreError> {
    let sets: Vec<_> = (5..).take(query.any_keys.len()).map(|set| format!("AND keys && ${set}")).collect();
    let sets = sets.join(" ");
    let mut statement = sql_query(format!(
        "SELECT found.id AS found_id, messages.id, messages.chat_id, user_id, messages.created_at, message, mentions, files \
         FROM (SELECT id, chat_id FROM message_search \
             WHERE id >= $1 AND id < $2 AND keys @> $4 {sets} ORDER BY id DESC LIMIT $3) AS found \
           JOIN chats ON chats.id = found.chat_id \
           LEFT JOIN messages ON messages.id = found.id AND seq >= first_retained_seq \
             AND event IS NULL AND messages.deleted_at IS NULL \
         ORDER BY found.id DESC",
    ))
    .into_boxed::<Pg>()
    .bind::<BigInt, _>(query.from_id)
    .bind::<BigInt, _>(query.before_id)
    .bind::<BigInt, _>(query.limit)
    .bind::<Array<Integer>, _>(query.all_keys);
    for keys in query.any_keys {
        statement = statement.bind::<Array<Integer>, _>(keys.as_slice());
    }
    Ok(statement.load(connection).await?)
}

/// The messages with their chats, the newest first.
pub async fn load_found(
    connection: &mut AsyncPgConnection,
    ids: &[MessageId],
) -> Result<Vec<FoundMessage>, StoreError> {
    let rows = messages::table
        .inner_join(users::table)
        .inner_join(chats::table)
        .filter(messages::id.eq_any(ids))
        .order(messages::id.desc())
        .select((chats::id, chats::uri, chats::name, MessageRow::as_select(), UserRow::as_select()))
        .load::<(ChatId, String, String, MessageRow, UserRow)>(connection)
        .await?;
    let found = rows.into_iter().map(|(chat_id, uri, chat_name, message, user)| FoundMessage {
        chat_id,
        uri,
        chat_name,
        message: message.into_message(user.into_user()),
    });
    let mut found: Vec<_> = found.collect();
    let messages = found.iter_mut().map(|found| &mut found.message).collect();
    store_messages::add_names(connection, messages).await?;
    Ok(found)
}

/// A chat whose index this transaction updates.
#[derive(QueryableByName)]
pub struct IndexedChat {
    #[diesel(sql_type = BigInt)]
    pub id: ChatId,
    #[diesel(sql_type = BigInt)]
    pub indexed_head: Head,
    #[diesel(sql_type = BigInt)]
    pub head: Head,
    #[diesel(sql_type = BigInt)]
    first_retained_seq: Seq,
}

/// A message to be indexed, as it is now.
#[derive(QueryableByName)]
pub struct ChangedMessage {
    #[diesel(sql_type = BigInt)]
    pub seq: Seq,
    #[diesel(sql_type = BigInt)]
    pub revision: Seq,
    /// Neither deleted nor an event.
    #[diesel(sql_type = Bool)]
    pub has_text: bool,
    #[diesel(embed)]
    pub message: TextMessage,
}

/// A row of the index.
#[derive(Debug)]
pub struct NewIndexRow {
    pub chat_id: ChatId,
    pub seq: Seq,
    pub revision: Seq,
    pub id: MessageId,
    pub keys: Vec<i32>,
}

/// Prepares a transaction that updates the index.
pub async fn prepare_indexing(connection: &mut AsyncPgConnection) -> Result<(), StoreError> {
    Ok(connection.batch_execute(INDEX_SETTINGS).await?)
}

/// Chats with changes that are not indexed, at most `limit`.
pub async fn list_chats_behind(
    connection: &mut AsyncPgConnection,
    limit: i64,
) -> Result<Vec<ChatId>, StoreError> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = BigInt)]
        id: ChatId,
    }
    let behind: Vec<Id> = sql_query(
        "SELECT id FROM chats LEFT JOIN search_progress ON chat_id = id \
         WHERE deleted_at IS NULL AND chats.head > coalesce(search_progress.head, 0) LIMIT $1",
    )
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(behind.into_iter().map(|chat| chat.id).collect())
}

/// Locks those of the chats that are behind and that no other server is indexing.
pub async fn lock_chats(
    connection: &mut AsyncPgConnection,
    chat_ids: &[ChatId],
) -> Result<Vec<IndexedChat>, StoreError> {
    sql_query(
        "INSERT INTO search_progress (chat_id, head) \
         SELECT id, 0 FROM chats WHERE id = ANY ($1) AND deleted_at IS NULL ORDER BY id ON CONFLICT DO NOTHING",
    )
    .bind::<Array<BigInt>, _>(chat_ids)
    .execute(connection)
    .await?;
    let locked = sql_query(
        "SELECT id, search_progress.head AS indexed_head, chats.head, first_retained_seq \
         FROM search_progress JOIN chats ON id = chat_id AND deleted_at IS NULL \
         WHERE chat_id = ANY ($1) AND search_progress.head < chats.head \
         ORDER BY chat_id FOR UPDATE OF search_progress SKIP LOCKED",
    );
    Ok(locked.bind::<Array<BigInt>, _>(chat_ids).load(connection).await?)
}

/// New and changed messages of the chats: of each chat at most `limit` new ones, by their `seq`, and at most `limit` changed
/// ones, by their `revision`.
pub async fn list_to_index(
    connection: &mut AsyncPgConnection,
    chats: &[IndexedChat],
    limit: i64,
) -> Result<Vec<ChangedMessage>, StoreError> {
    const COLUMNS: &str = "id, chat_id, user_id, created_at, message, mentions, files, seq, revision, \
                           event IS NULL AND deleted_at IS NULL AS has_text";
    let messages = sql_query(format!(
        "SELECT changed.* FROM unnest($1, $2, $3) AS indexed (chat_id, head, first_seq) \
         CROSS JOIN LATERAL ( \
           (SELECT {COLUMNS} FROM messages WHERE chat_id = indexed.chat_id AND seq > indexed.head \
             AND seq >= first_seq ORDER BY seq LIMIT $4) \
           UNION ALL \
           (SELECT {COLUMNS} FROM messages WHERE chat_id = indexed.chat_id AND seq <= indexed.head \
             AND seq >= first_seq AND revision <> seq AND revision > indexed.head \
             ORDER BY revision LIMIT $4)) AS changed",
    ))
    .bind::<Array<BigInt>, _>(chats.iter().map(|chat| chat.id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(chats.iter().map(|chat| chat.indexed_head).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(chats.iter().map(|chat| chat.first_retained_seq).collect::<Vec<_>>())
    .bind::<BigInt, _>(limit);
    Ok(messages.load(connection).await?)
}

/// Stores rows of the index.
pub async fn store_rows(connection: &mut AsyncPgConnection, rows: &[NewIndexRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    // An array of arrays of different lengths does not exist.
    let keys: Vec<_> = rows.iter().map(|row| array_literal(&row.keys)).collect();
    sql_query(
        "INSERT INTO message_search (chat_id, seq, revision, id, keys) \
         SELECT chat_id, seq, revision, id, keys::int[] FROM unnest($1, $2, $3, $4, $5) \
           AS new (chat_id, seq, revision, id, keys) ORDER BY id \
         ON CONFLICT (chat_id, seq) DO UPDATE SET revision = excluded.revision, keys = excluded.keys \
           WHERE message_search.keys <> excluded.keys",
    )
    .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.chat_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.seq).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.revision).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(keys)
    .execute(connection)
    .await?;
    Ok(())
}

fn array_literal(keys: &[i32]) -> String {
    let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
    format!("{{{}}}", keys.join(","))
}

/// Deletes rows of the index.
pub async fn delete_rows(
    connection: &mut AsyncPgConnection,
    rows: &[(ChatId, Seq)],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let (chat_ids, seqs): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
    sql_query("DELETE FROM message_search WHERE (chat_id, seq) IN (SELECT * FROM unnest($1, $2))")
        .bind::<Array<BigInt>, _>(chat_ids)
        .bind::<Array<BigInt>, _>(seqs)
        .execute(connection)
        .await?;
    Ok(())
}

/// Records up to which head the chats are indexed.
pub async fn advance(connection: &mut AsyncPgConnection, heads: &[(ChatId, Head)]) -> Result<(), StoreError> {
    let (chat_ids, heads): (Vec<_>, Vec<_>) = heads.iter().copied().unzip();
    sql_query(
        "UPDATE search_progress SET head = indexed.head FROM unnest($1, $2) AS indexed (chat_id, head) \
         WHERE search_progress.chat_id = indexed.chat_id",
    )
    .bind::<Array<BigInt>, _>(chat_ids)
    .bind::<Array<BigInt>, _>(heads)
    .execute(connection)
    .await?;
    Ok(())
}
