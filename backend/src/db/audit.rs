//! The table of the audit: who did what in a chat. Nothing in it is ever altered.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    audit::{Audit, AuditEntry},
    event::Event,
};

use super::{
    events,
    schema::{
        audit::{self, dsl},
        users,
    },
    users::UserRow,
};
use crate::problem::Error;

/// How many entries one page holds.
const PAGE: i64 = 50;

/// Notes what somebody did; nobody is the server itself.
pub async fn note(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    user_id: Option<i64>,
    act: &Event,
) -> Result<(), Error> {
    let act = events::column_of(act)?;
    let row = (dsl::chat_id.eq(chat_id), dsl::user_id.eq(user_id), dsl::act.eq(act));
    diesel::insert_into(audit::table).values(row).execute(connection).await?;
    Ok(())
}

/// A page of entries, newest first: those before this one.
pub async fn page(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    before: Option<i64>,
) -> Result<Audit, Error> {
    type Row = (i64, DateTime<Utc>, serde_json::Value, Option<UserRow>);
    let mut rows = audit::table
        .left_join(users::table)
        .filter(dsl::chat_id.eq(chat_id).and(dsl::id.lt(before.unwrap_or(i64::MAX))))
        .order(dsl::id.desc())
        // The one row more tells whether there are others.
        .limit(PAGE + 1)
        .select((dsl::id, dsl::created_at, dsl::act, Option::<UserRow>::as_select()))
        .load::<Row>(connection)
        .await?;
    let wanted = usize::try_from(PAGE).unwrap_or_default();
    let earlier = rows.len() > wanted;
    rows.truncate(wanted);
    let entry = |(id, created_at, act, user): Row| AuditEntry {
        id,
        created_at,
        user: user.map(UserRow::into_user),
        act: events::event_of(act),
    };
    let mut entries: Vec<_> = rows.into_iter().map(entry).collect();
    events::name_people(connection, entries.iter_mut().map(|entry| &mut entry.act)).await?;
    Ok(Audit { entries, earlier })
}
