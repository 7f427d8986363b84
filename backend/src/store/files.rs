//! The table `files`: uploaded files, and the messages that have them. What a message shows of its files is copied to
//! `messages.files`.

use std::collections::HashMap;

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    file::MessageFile,
    id::{ChatId, MessageId, Seq, UserId},
};
use uuid::Uuid;

use super::{
    error::StoreError,
    schema::files::{self, dsl},
    stored_files::StoredFile,
};

/// Files by chat, uploader and id.
pub type UploadedFiles = HashMap<(ChatId, UserId, Uuid), MessageFile>;

/// Those of the files that no message has or had, locked until the end of the transaction. No statement without ids.
pub async fn lock_unposted(
    connection: &mut AsyncPgConnection,
    ids: &[Uuid],
) -> Result<UploadedFiles, StoreError> {
    if ids.is_empty() {
        return Ok(UploadedFiles::new());
    }
    let rows = files::table
        .filter(dsl::id.eq_any(ids).and(dsl::posted.eq(false)))
        .order(dsl::id)
        .select(StoredFile::as_select())
        .for_update()
        .load(connection)
        .await?;
    let entry = |row: StoredFile| ((row.chat_id, row.user_id, row.id), row.into_message_file());
    Ok(rows.into_iter().map(entry).collect())
}

/// Of which messages files are listed.
#[derive(Clone, Copy, Debug)]
pub enum FileScope {
    Chat(ChatId),
    /// Those of one author.
    User(UserId),
}

/// Files of messages up to one of them.
#[derive(Clone, Copy, Debug)]
pub struct PostedFiles {
    pub scope: FileScope,
    pub count: i64,
    last_message_id: MessageId,
}

impl PostedFiles {
    fn ids(self) -> (Option<ChatId>, Option<UserId>) {
        match self.scope {
            FileScope::Chat(id) => (Some(id), None),
            FileScope::User(id) => (None, Some(id)),
        }
    }
}

/// The place of a file among all: its message, and its number there from 1.
#[derive(Clone, Copy, Debug, Default)]
pub struct FilePosition {
    message_id: MessageId,
    position: i64,
}

/// A file of a message.
#[derive(Debug, QueryableByName)]
pub struct PostedFile {
    #[diesel(sql_type = BigInt)]
    pub message_id: MessageId,
    #[diesel(sql_type = BigInt)]
    pub chat_id: ChatId,
    #[diesel(sql_type = BigInt)]
    pub seq: Seq,
    /// Its number in the message, from 1.
    #[diesel(sql_type = BigInt)]
    pub position: i64,
    #[diesel(sql_type = SqlUuid)]
    pub object_key: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = BigInt)]
    pub size: i64,
}

impl PostedFile {
    pub fn position(&self) -> FilePosition {
        FilePosition { message_id: self.message_id, position: self.position }
    }
}

/// The files of messages that are neither deleted nor expired.
const POSTED: &str = "FROM files JOIN messages ON messages.id = files.message_id \
       AND messages.deleted_at IS NULL AND seq >= (SELECT first_retained_seq FROM chats WHERE chats.id = messages.chat_id) \
     CROSS JOIN LATERAL jsonb_array_elements(messages.files) WITH ORDINALITY AS shown (file, position) \
     WHERE shown.file ->> 'id' = files.id::text \
       AND ($1 IS NULL OR files.chat_id = $1) AND ($2 IS NULL OR files.user_id = $2) \
       AND files.message_id <= $3";

/// The files that messages have now.
pub async fn find_posted(
    connection: &mut AsyncPgConnection,
    scope: FileScope,
) -> Result<PostedFiles, StoreError> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        count: i64,
        #[diesel(sql_type = BigInt)]
        last_message_id: MessageId,
    }
    let all = PostedFiles { scope, count: 0, last_message_id: MessageId::new(i64::MAX) };
    let (chat_id, user_id) = all.ids();
    let Found { count, last_message_id } = sql_query(format!(
        "SELECT count(*) AS count, coalesce(max(files.message_id), 0) AS last_message_id {POSTED}"
    ))
    .bind::<Nullable<BigInt>, _>(chat_id)
    .bind::<Nullable<BigInt>, _>(user_id)
    .bind::<BigInt, _>(all.last_message_id)
    .get_result(connection)
    .await?;
    Ok(PostedFiles { scope, count, last_message_id })
}

/// At most `limit` of the files after `after`, in the order of their messages.
pub async fn list_posted(
    connection: &mut AsyncPgConnection,
    files: PostedFiles,
    after: FilePosition,
    limit: i64,
) -> Result<Vec<PostedFile>, StoreError> {
    let (chat_id, user_id) = files.ids();
    let listed = sql_query(format!(
        "SELECT files.message_id, messages.chat_id, seq, position, object_key, name, size {POSTED} \
           AND files.message_id >= $4 AND (files.message_id, position) > ($4, $5) \
         ORDER BY files.message_id, position LIMIT $6",
    ))
    .bind::<Nullable<BigInt>, _>(chat_id)
    .bind::<Nullable<BigInt>, _>(user_id)
    .bind::<BigInt, _>(files.last_message_id)
    .bind::<BigInt, _>(after.message_id)
    .bind::<BigInt, _>(after.position)
    .bind::<BigInt, _>(limit);
    Ok(listed.load(connection).await?)
}

/// Gives up the files that a user has uploaded and not posted.
pub async fn discard_unposted(connection: &mut AsyncPgConnection, user_id: UserId) -> Result<(), StoreError> {
    let unposted = files::table.filter(dsl::user_id.eq(user_id).and(dsl::posted.eq(false)));
    diesel::update(unposted).set(dsl::posted.eq(true)).execute(connection).await?;
    Ok(())
}

/// Records that messages have these files. No statement without files.
pub async fn set_messages(
    connection: &mut AsyncPgConnection,
    files: &[(Uuid, MessageId)],
) -> Result<(), StoreError> {
    if files.is_empty() {
        return Ok(());
    }
    let (ids, message_ids): (Vec<_>, Vec<_>) = files.iter().copied().unzip();
    sql_query(
        "UPDATE files SET posted = true, message_id = posted_file.message_id \
         FROM unnest($1, $2) AS posted_file (id, message_id) WHERE files.id = posted_file.id",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<BigInt>, _>(message_ids)
    .execute(connection)
    .await?;
    Ok(())
}
