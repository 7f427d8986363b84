//! The table `files`: uploaded files, and the messages that have them. What a message shows of its files is copied to
//! `messages.files`.

use std::collections::HashMap;

use diesel::{
    dsl::exists,
    prelude::*,
    select, sql_query,
    sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    file::{ImageSize, MessageFile},
    id::{ChatId, MessageId, Seq, UserId},
};
use uuid::Uuid;

use super::{
    error::StoreError,
    schema::files::{self, dsl},
};

/// What messages show of a file.
#[derive(Queryable, Selectable)]
#[diesel(table_name = files)]
struct FileRow {
    id: Uuid,
    name: String,
    size: i64,
    media_type: String,
    width: Option<i32>,
    height: Option<i32>,
}

impl FileRow {
    fn into_file(self) -> MessageFile {
        let Self { id, name, size, media_type, width, height } = self;
        let pixels = |side: Option<i32>| side.and_then(|side| u32::try_from(side).ok());
        let image = pixels(width).zip(pixels(height)).map(|(width, height)| ImageSize { width, height });
        MessageFile { id, name, size: u64::try_from(size).unwrap_or_default(), media_type, image }
    }
}

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
    let rows: Vec<(ChatId, UserId, FileRow)> = files::table
        .filter(dsl::id.eq_any(ids).and(dsl::posted.eq(false)))
        .order(dsl::id)
        .select((dsl::chat_id, dsl::user_id, FileRow::as_select()))
        .for_update()
        .load(connection)
        .await?;
    let key = |(chat_id, user_id, row): (ChatId, UserId, FileRow)| {
        let file = row.into_file();
        ((chat_id, user_id, file.id), file)
    };
    Ok(rows.into_iter().map(key).collect())
}

/// Of which messages files are listed.
#[derive(Clone, Copy, Debug)]
pub enum FileScope {
    Chat(ChatId),
    /// Those of one author.
    User(UserId),
}

impl FileScope {
    fn ids(self) -> (Option<ChatId>, Option<UserId>) {
        match self {
            Self::Chat(id) => (Some(id), None),
            Self::User(id) => (None, Some(id)),
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

/// The files of messages that have not expired.
const POSTED: &str = "FROM files JOIN messages ON messages.id = files.message_id \
       AND seq >= (SELECT first_retained_seq FROM chats WHERE chats.id = messages.chat_id) \
     CROSS JOIN LATERAL jsonb_array_elements(messages.files) WITH ORDINALITY AS shown (file, position) \
     WHERE shown.file ->> 'id' = files.id::text \
       AND ($1 IS NULL OR files.chat_id = $1) AND ($2 IS NULL OR files.user_id = $2)";

pub async fn count_posted(connection: &mut AsyncPgConnection, scope: FileScope) -> Result<i64, StoreError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let (chat_id, user_id) = scope.ids();
    let counted: Count = sql_query(format!("SELECT count(*) AS count {POSTED}"))
        .bind::<Nullable<BigInt>, _>(chat_id)
        .bind::<Nullable<BigInt>, _>(user_id)
        .get_result(connection)
        .await?;
    Ok(counted.count)
}

/// At most `limit` files after `after`, in the order of their messages.
pub async fn list_posted(
    connection: &mut AsyncPgConnection,
    scope: FileScope,
    after: FilePosition,
    limit: i64,
) -> Result<Vec<PostedFile>, StoreError> {
    let (chat_id, user_id) = scope.ids();
    let listed = sql_query(format!(
        "SELECT files.message_id, messages.chat_id, seq, position, object_key, name, size {POSTED} \
           AND files.message_id >= $3 AND (files.message_id, position) > ($3, $4) \
         ORDER BY files.message_id, position LIMIT $5",
    ))
    .bind::<Nullable<BigInt>, _>(chat_id)
    .bind::<Nullable<BigInt>, _>(user_id)
    .bind::<BigInt, _>(after.message_id)
    .bind::<BigInt, _>(after.position)
    .bind::<BigInt, _>(limit);
    Ok(listed.load(connection).await?)
}

pub async fn is_posted(connection: &mut AsyncPgConnection, object_key: Uuid) -> Result<bool, StoreError> {
    let posted = files::table.filter(dsl::object_key.eq(object_key).and(dsl::message_id.is_not_null()));
    Ok(select(exists(posted)).get_result(connection).await?)
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
