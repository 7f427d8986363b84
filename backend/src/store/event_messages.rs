//! Events as stored in JSON columns. They hold only the ids of users, so that a name is stored in one place and deleted
//! with its account; the current names are added when an event is read.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use shared::event::{Event, UserRef};

use super::{
    error::StoreError,
    schema::users::{self, dsl},
    users::UserRow,
};

/// Reads a column, without names. An event of a newer release may be unknown.
pub(super) fn from_column(column: Value) -> Event {
    serde_json::from_value(column).unwrap_or(Event::Unknown)
}

pub(super) fn to_column(event: &Event) -> Result<Value, StoreError> {
    let mut event = event.clone();
    if let Some(user) = event.target_mut() {
        user.name.clear();
    }
    Ok(serde_json::to_value(event).map_err(anyhow::Error::from)?)
}

/// Adds the names of the users.
pub(super) async fn add_names(
    connection: &mut AsyncPgConnection,
    mut unnamed: Vec<&mut UserRef>,
) -> Result<(), StoreError> {
    if unnamed.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = unnamed.iter().map(|user| user.id).collect();
    let rows = users::table.filter(dsl::id.eq_any(ids)).select(UserRow::as_select()).load(connection).await?;
    let users: HashMap<_, _> = rows.into_iter().map(UserRow::into_user).map(|user| (user.id, user)).collect();
    for reference in &mut unnamed {
        if let Some(user) = users.get(&reference.id) {
            user.name().clone_into(&mut reference.name);
        }
    }
    Ok(())
}
