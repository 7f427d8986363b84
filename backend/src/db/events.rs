//! What was done, as it stands in columns: of people it holds their numbers alone, so that a name goes with its account and
//! never stands in two places. Whoever reads it is told the names that they have now.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use shared::event::Event;

use super::{
    schema::users::{self, dsl},
    users::UserRow,
};
use crate::problem::Error;

/// What a column says. What another release wrote may mean nothing to this one. People have no names yet.
pub(super) fn event_of(column: Value) -> Event {
    serde_json::from_value(column).unwrap_or(Event::Unknown)
}

/// What a column shall say.
pub(super) fn column_of(event: &Event) -> Result<Value, Error> {
    let mut event = event.clone();
    if let Some(person) = event.who_mut() {
        person.name.clear();
    }
    Ok(serde_json::to_value(event).map_err(anyhow::Error::from)?)
}

/// Gives the people in events their names.
pub(super) async fn name_people<'a>(
    connection: &mut AsyncPgConnection,
    events: impl Iterator<Item = &'a mut Event>,
) -> QueryResult<()> {
    let mut people: Vec<_> = events.filter_map(Event::who_mut).collect();
    if people.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = people.iter().map(|person| person.id).collect();
    let rows = users::table.filter(dsl::id.eq_any(ids)).select(UserRow::as_select()).load(connection).await?;
    let users: HashMap<_, _> = rows.into_iter().map(UserRow::into_user).map(|user| (user.id, user)).collect();
    for person in &mut people {
        if let Some(user) = users.get(&person.id) {
            user.name().clone_into(&mut person.name);
        }
    }
    Ok(())
}
