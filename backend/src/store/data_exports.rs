//! The table `data_exports`.

pub mod account;

use chrono::{DateTime, Duration, Utc};
use diesel::{
    dsl::{exists as exists_rows, now, sql},
    prelude::*,
    select,
    sql_types::Bool,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use shared::{
    data_export::{DataExport, ExportState},
    id::{ChatId, UserId},
};
use uuid::Uuid;

use super::{
    enum_columns::TextEnum,
    error::StoreError,
    schema::data_exports::{self, dsl},
};

/// How long a finished file is kept.
const RETENTION_HOURS: i64 = 24;

const READ_SETTINGS: &str = "SET LOCAL statement_timeout = '5min'; \
    SET LOCAL idle_in_transaction_session_timeout = '5min'";

/// Who asked for an export, and what it contains.
#[derive(Clone, Copy, Debug)]
pub struct ExportSubject {
    pub user_id: UserId,
    /// `None` for all data of the user.
    pub chat_id: Option<ChatId>,
}

/// An export that waits or is being written.
#[derive(Clone, Copy, Debug)]
pub struct UnfinishedExport {
    pub id: Uuid,
    pub subject: ExportSubject,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = data_exports)]
struct ExportRow {
    id: Uuid,
    state: ExportState,
    created_at: DateTime<Utc>,
    done: i64,
    total: i64,
    bytes: Option<i64>,
    ended_at: Option<DateTime<Utc>>,
}

impl ExportRow {
    fn into_export(self) -> DataExport {
        let Self { id, state, created_at, done, total, bytes, ended_at } = self;
        let finished_at = ended_at.filter(|_| state == ExportState::Ready);
        let expires_at = finished_at.map(|at| at + Duration::hours(RETENTION_HOURS));
        let (done, total, bytes) = (done.unsigned_abs(), total.unsigned_abs(), bytes.map(i64::unsigned_abs));
        DataExport { id, state, created_at, done, total, bytes, expires_at }
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn is_about(subject: ExportSubject) -> _ {
    let (user_id, chat_id): (UserId, Option<ChatId>) = (subject.user_id, subject.chat_id);
    dsl::user_id.eq(user_id).and(dsl::chat_id.is_not_distinct_from(chat_id))
}

/// Inserts an export; `None` if there is an unfinished one of the same subject.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    ExportSubject { user_id, chat_id }: ExportSubject,
) -> Result<Option<DataExport>, StoreError> {
    let row = diesel::insert_into(data_exports::table)
        .values((dsl::id.eq(Uuid::new_v4()), dsl::user_id.eq(user_id), dsl::chat_id.eq(chat_id)))
        .on_conflict_do_nothing()
        .returning(ExportRow::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    Ok(row.map(ExportRow::into_export))
}

/// An export of this subject.
pub async fn find(
    connection: &mut AsyncPgConnection,
    subject: ExportSubject,
    id: Uuid,
) -> Result<Option<DataExport>, StoreError> {
    let export = data_exports::table.find(id).filter(is_about(subject));
    let row = export.select(ExportRow::as_select()).first(connection).await.optional()?;
    Ok(row.map(ExportRow::into_export))
}

/// The exports of a subject, the newest first.
pub async fn list(
    connection: &mut AsyncPgConnection,
    subject: ExportSubject,
) -> Result<Vec<DataExport>, StoreError> {
    let exports = data_exports::table.filter(is_about(subject)).order(dsl::created_at.desc());
    let rows = exports.select(ExportRow::as_select()).load(connection).await?;
    Ok(rows.into_iter().map(ExportRow::into_export).collect())
}

/// The unfinished exports, the oldest first.
pub async fn list_unfinished(
    connection: &mut AsyncPgConnection,
) -> Result<Vec<UnfinishedExport>, StoreError> {
    let waiting = dsl::state.eq(ExportState::Waiting.bind());
    let unfinished = data_exports::table.filter(waiting.or(dsl::state.eq(ExportState::Running.bind())));
    let rows: Vec<(Uuid, UserId, Option<ChatId>)> = unfinished
        .order(dsl::created_at)
        .select((dsl::id, dsl::user_id, dsl::chat_id))
        .load(connection)
        .await?;
    let exports = rows
        .into_iter()
        .map(|(id, user_id, chat_id)| UnfinishedExport { id, subject: ExportSubject { user_id, chat_id } });
    Ok(exports.collect())
}

/// Prepares a transaction that reads a whole chat: its statements may take longer than others, and it waits for the disk.
pub async fn prepare_reading(connection: &mut AsyncPgConnection) -> Result<(), StoreError> {
    Ok(connection.batch_execute(READ_SETTINGS).await?)
}

/// The export is being written from the beginning; false if it was deleted.
pub async fn mark_running(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    total: i64,
) -> Result<bool, StoreError> {
    let updated = diesel::update(data_exports::table.find(id))
        .set((dsl::state.eq(ExportState::Running.bind()), dsl::done.eq(0), dsl::total.eq(total)))
        .execute(connection)
        .await?;
    Ok(updated > 0)
}

/// Sets the number of messages written; false if the export was deleted.
pub async fn update_progress(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    done: i64,
) -> Result<bool, StoreError> {
    let updated =
        diesel::update(data_exports::table.find(id)).set(dsl::done.eq(done)).execute(connection).await?;
    Ok(updated > 0)
}

/// Marks the export as ready, or as failed if there is no file; false if the export was deleted.
pub async fn finish(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    bytes: Option<i64>,
) -> Result<bool, StoreError> {
    let state = if bytes.is_some() { ExportState::Ready } else { ExportState::Failed };
    let updated = diesel::update(data_exports::table.find(id))
        .set((dsl::state.eq(state.bind()), dsl::bytes.eq(bytes), dsl::ended_at.eq(now)))
        .execute(connection)
        .await?;
    Ok(updated > 0)
}

/// Deletes the rows of expired exports.
pub async fn delete_expired(connection: &mut AsyncPgConnection) -> Result<(), StoreError> {
    let expired = sql::<Bool>(&format!("ended_at < now() - interval '{RETENTION_HOURS} hours'"));
    diesel::delete(data_exports::table.filter(expired)).execute(connection).await?;
    Ok(())
}

/// Deletes the exports that a user asked for.
pub(super) async fn delete_for_user(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
) -> Result<(), StoreError> {
    diesel::delete(data_exports::table.filter(dsl::user_id.eq(user_id))).execute(connection).await?;
    Ok(())
}

/// Deletes the exports of a chat.
pub async fn delete_for_chat(connection: &mut AsyncPgConnection, chat_id: ChatId) -> Result<(), StoreError> {
    diesel::delete(data_exports::table.filter(dsl::chat_id.eq(chat_id))).execute(connection).await?;
    Ok(())
}

/// Whether the export has not been deleted.
pub async fn exists(connection: &mut AsyncPgConnection, id: Uuid) -> Result<bool, StoreError> {
    Ok(select(exists_rows(data_exports::table.find(id))).get_result(connection).await?)
}

/// The ids of all exports.
pub async fn list_ids(connection: &mut AsyncPgConnection) -> Result<Vec<Uuid>, StoreError> {
    Ok(data_exports::table.select(dsl::id).load(connection).await?)
}
