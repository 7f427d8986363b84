//! The one row that names the state of the database.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::instance;
use crate::problem::Error;

/// The epoch in which the heads of all chats count.
pub async fn epoch(connection: &mut AsyncPgConnection) -> Result<Uuid, Error> {
    Ok(instance::table.select(instance::epoch).first(connection).await?)
}
