//! The table `files` as uploads, downloads and the storage see it, and the table `unowned_objects`.

use diesel::{
    dsl::{now, sql},
    prelude::*,
    sql_query,
    sql_types::{BigInt, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use shared::{
    file::{ImageSize, MessageFile},
    id::{ChatId, UserId},
    problem::ProblemCode,
};
use uuid::Uuid;

use super::{
    error::StoreError,
    schema::{files, unowned_objects},
    static_query::{Columns, StaticQuery},
};

/// How many files one statement releases, and how many keys one query returns.
pub const BATCH_SIZE: i64 = 100;
/// For how long an object may be unowned while it is written: longer than any request.
const WRITING_UNTIL: &str = "now() + interval '2 hours'";
/// When an object is tried again that could not be deleted.
const RETRY_AT: &str = "now() + interval '10 minutes'";

/// A file of a visible message, or one that its uploader has not posted yet.
const VISIBLE: &str = "SELECT ? FROM files LEFT JOIN messages ON messages.id = files.message_id \
    WHERE files.id = ? AND files.chat_id = ? AND CASE \
      WHEN files.message_id IS NULL THEN NOT files.posted AND files.user_id = ? \
      ELSE messages.deleted_at IS NULL AND messages.seq >= \
        (SELECT first_retained_seq FROM chats WHERE chats.id = files.chat_id) END";

/// Files of deleted messages, and those that were not posted within a day.
const RELEASE_UNUSED: &str = "WITH released AS (DELETE FROM files WHERE id IN ( \
      SELECT id FROM files \
      WHERE message_id IS NULL AND (posted OR created_at < now() - interval '1 day') \
      LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING object_key) \
    INSERT INTO unowned_objects (object_key, delete_at) SELECT object_key, now() FROM released";

const USAGE: &str = "SELECT \
    (SELECT coalesce(sum(stored_size), 0)::bigint FROM files WHERE user_id = $1) AS by_user, \
    (SELECT coalesce(sum(stored_size), 0)::bigint FROM files WHERE chat_id = $2) AS in_chat";

/// A stored file.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = files)]
pub struct StoredFile {
    pub id: Uuid,
    pub chat_id: ChatId,
    pub user_id: UserId,
    /// Names its objects in the storage.
    pub object_key: Uuid,
    pub name: String,
    pub media_type: String,
    /// In bytes, with the preview.
    pub stored_size: i64,
    pub size: i64,
    pub width: Option<i32>,
    pub height: Option<i32>,
    /// SHA-256 of the uploaded body.
    pub checksum: Vec<u8>,
    /// `None` if the whole image is as small as a preview, and without an image.
    pub preview_media_type: Option<String>,
}

/// In bytes.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct StorageUsage {
    #[diesel(sql_type = BigInt)]
    pub by_user: i64,
    #[diesel(sql_type = BigInt)]
    pub in_chat: i64,
}

#[derive(QueryableByName)]
struct Total {
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

impl StoredFile {
    pub fn image_size(&self) -> Option<ImageSize> {
        let (width, height) = self.width.zip(self.height)?;
        Some(ImageSize { width: width.unsigned_abs(), height: height.unsigned_abs() })
    }

    pub fn into_message_file(self) -> MessageFile {
        let image = self.image_size();
        let Self { id, name, media_type, size, .. } = self;
        MessageFile { id, name, size: size.unsigned_abs(), media_type, image }
    }
}

/// The file with this id, of any uploader.
pub async fn find(connection: &mut AsyncPgConnection, id: Uuid) -> Result<Option<StoredFile>, StoreError> {
    Ok(files::table.find(id).select(StoredFile::as_select()).first(connection).await.optional()?)
}

/// The file with this id in a chat, if its content may be shown to this member.
pub async fn find_visible(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    chat_id: ChatId,
    user_id: UserId,
) -> Result<Option<StoredFile>, StoreError> {
    let query = StaticQuery::<Columns<StoredFile>>::new(VISIBLE)
        .columns(StoredFile::as_select())
        .bind::<SqlUuid, _>(id)
        .bind::<BigInt, _>(chat_id)
        .bind::<BigInt, _>(user_id);
    Ok(query.get_result(connection).await.optional()?)
}

pub async fn find_usage(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    chat_id: ChatId,
) -> Result<StorageUsage, StoreError> {
    let query = sql_query(USAGE).bind::<BigInt, _>(user_id).bind::<BigInt, _>(chat_id);
    Ok(query.get_result(connection).await?)
}

/// The bytes of all files.
pub async fn find_total(connection: &mut AsyncPgConnection) -> Result<i64, StoreError> {
    let query = sql_query("SELECT coalesce(sum(stored_size), 0)::bigint AS bytes FROM files");
    Ok(query.get_result::<Total>(connection).await?.bytes)
}

/// Records an object that is about to be written.
pub async fn insert_unowned(connection: &mut AsyncPgConnection, object_key: Uuid) -> Result<(), StoreError> {
    diesel::insert_into(unowned_objects::table)
        .values((
            unowned_objects::object_key.eq(object_key),
            unowned_objects::delete_at.eq(sql::<Timestamptz>(WRITING_UNTIL)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Inserts a file whose objects are written and unowned; `client_id_conflict` if the id is taken.
pub async fn insert(connection: &mut AsyncPgConnection, file: StoredFile) -> Result<(), StoreError> {
    connection
        .transaction(async |connection| {
            let unowned =
                unowned_objects::table.find(file.object_key).filter(unowned_objects::delete_at.gt(now));
            if diesel::delete(unowned).execute(connection).await? == 0 {
                // Writing took so long that the objects were deleted.
                return Err(StoreError::Rejected(ProblemCode::StorageUnavailable));
            }
            let inserted = diesel::insert_into(files::table)
                .values(file)
                .on_conflict_do_nothing()
                .execute(connection)
                .await?;
            if inserted == 0 { Err(ProblemCode::ClientIdConflict.into()) } else { Ok(()) }
        })
        .await
}

/// Lets an object be deleted now, if it is unowned.
pub async fn abandon_unowned(connection: &mut AsyncPgConnection, object_key: Uuid) -> Result<(), StoreError> {
    diesel::update(unowned_objects::table.find(object_key))
        .set(unowned_objects::delete_at.eq(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// Turns a batch of unused files into unowned objects; returns how many there were.
pub async fn release_unused(connection: &mut AsyncPgConnection) -> Result<usize, StoreError> {
    Ok(sql_query(RELEASE_UNUSED).bind::<BigInt, _>(BATCH_SIZE).execute(connection).await?)
}

/// Unowned objects that may be deleted.
pub async fn list_deletable(connection: &mut AsyncPgConnection) -> Result<Vec<Uuid>, StoreError> {
    let deletable = unowned_objects::table.filter(unowned_objects::delete_at.le(now));
    let keys = deletable.order(unowned_objects::delete_at).select(unowned_objects::object_key);
    Ok(keys.limit(BATCH_SIZE).load(connection).await?)
}

/// Forgets objects that were deleted.
pub async fn delete_unowned(connection: &mut AsyncPgConnection, keys: &[Uuid]) -> Result<(), StoreError> {
    let deleted = unowned_objects::table.filter(unowned_objects::object_key.eq_any(keys));
    diesel::delete(deleted).execute(connection).await?;
    Ok(())
}

/// Postpones the deletion of an object that could not be deleted, so that others are tried first.
pub async fn postpone_deletion(
    connection: &mut AsyncPgConnection,
    object_key: Uuid,
) -> Result<(), StoreError> {
    diesel::update(unowned_objects::table.find(object_key))
        .set(unowned_objects::delete_at.eq(sql::<Timestamptz>(RETRY_AT)))
        .execute(connection)
        .await?;
    Ok(())
}
