//! The table `files`: uploaded files, and the messages that have them. What a message shows of its files is copied to
//! `messages.files`.

use std::collections::HashMap;

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    file::{ImageSize, MessageFile},
    id::{ChatId, MessageId, UserId},
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
