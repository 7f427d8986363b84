//! The table `audit_log`, which is append-only.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    audit_log::{AuditEntry, AuditLogResponse},
    event::Event,
    id::{ChatId, UserId},
};

use super::{
    error::StoreError,
    event_messages,
    schema::{
        audit_log::{self, dsl},
        users,
    },
    users::UserRow,
};

const PAGE_SIZE: i64 = 50;

/// Appends an entry. Without a user, the server itself acted.
pub async fn append(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    user_id: Option<UserId>,
    action: &Event,
) -> Result<(), StoreError> {
    let action = event_messages::to_column(action)?;
    let row = (dsl::chat_id.eq(chat_id), dsl::user_id.eq(user_id), dsl::action.eq(action));
    diesel::insert_into(audit_log::table).values(row).execute(connection).await?;
    Ok(())
}

/// A page of entries, newest first, with ids below `before`.
pub async fn list_page(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    before: Option<i64>,
) -> Result<AuditLogResponse, StoreError> {
    type Row = (i64, DateTime<Utc>, serde_json::Value, Option<UserRow>);
    let mut rows = audit_log::table
        .left_join(users::table)
        .filter(dsl::chat_id.eq(chat_id).and(dsl::id.lt(before.unwrap_or(i64::MAX))))
        .order(dsl::id.desc())
        // One row more tells whether there are earlier entries.
        .limit(PAGE_SIZE + 1)
        .select((dsl::id, dsl::created_at, dsl::action, Option::<UserRow>::as_select()))
        .load::<Row>(connection)
        .await?;
    let page_size = usize::try_from(PAGE_SIZE).unwrap_or_default();
    let earlier = rows.len() > page_size;
    rows.truncate(page_size);
    let entry = |(id, created_at, action, user): Row| AuditEntry {
        id,
        created_at,
        user: user.map(UserRow::into_user),
        action: event_messages::from_column(action),
    };
    let mut entries: Vec<_> = rows.into_iter().map(entry).collect();
    let targets = entries.iter_mut().filter_map(|entry| entry.action.target_mut()).collect();
    event_messages::add_names(connection, targets).await?;
    Ok(AuditLogResponse { entries, earlier })
}
