//! Events as stored in JSON columns. They hold only the ids of users, so that a name is stored in one place and deleted
//! with its account; the current names are added when an event is read.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use shared::event::Event;

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

/// Adds the names of the users in the events.
pub(super) async fn add_names<'a>(
    connection: &mut AsyncPgConnection,
    events: impl Iterator<Item = &'a mut Event>,
) -> Result<(), StoreError> {
    let mut targets: Vec<_> = events.filter_map(Event::target_mut).collect();
    if targets.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = targets.iter().map(|target| target.id).collect();
    let rows = users::table.filter(dsl::id.eq_any(ids)).select(UserRow::as_select()).load(connection).await?;
    let users: HashMap<_, _> = rows.into_iter().map(UserRow::into_user).map(|user| (user.id, user)).collect();
    for target in &mut targets {
        if let Some(user) = users.get(&target.id) {
            user.name().clone_into(&mut target.name);
        }
    }
    Ok(())
}
