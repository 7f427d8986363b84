//! The one row that names the state of the database.

use anyhow::ensure;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::instance;
use crate::problem::Error;

/// The settings without which what was acknowledged can be lost.
const DURABLE: [&str; 3] = ["fsync", "full_page_writes", "synchronous_commit"];

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Refuses a database that would lose acknowledged commits when its machine fails.
pub async fn check_durable(connection: &mut AsyncPgConnection) -> anyhow::Result<()> {
    let off: Vec<Setting> =
        sql_query("SELECT name FROM pg_settings WHERE name = ANY($1) AND reset_val = 'off' ORDER BY name")
            .bind::<Array<Text>, _>(DURABLE.as_slice())
            .load(connection)
            .await?;
    let off: Vec<_> = off.into_iter().map(|setting| setting.name).collect();
    ensure!(
        off.is_empty(),
        "the database would lose messages that were acknowledged: {} is off; turn it on in postgresql.conf",
        off.join(", ")
    );
    Ok(())
}

/// The epoch in which the heads of all chats count.
pub async fn epoch(connection: &mut AsyncPgConnection) -> Result<Uuid, Error> {
    Ok(instance::table.select(instance::epoch).first(connection).await?)
}
