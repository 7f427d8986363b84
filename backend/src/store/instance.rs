//! The table `instance`, and the settings of the database server.

use anyhow::ensure;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, Text},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{error::StoreError, schema::instance};

/// Settings without which acknowledged commits can be lost.
const DURABILITY_SETTINGS: [&str; 3] = ["fsync", "full_page_writes", "synchronous_commit"];

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Rejects a database that would lose acknowledged commits in a crash.
pub async fn ensure_durable(connection: &mut AsyncPgConnection) -> anyhow::Result<()> {
    let off: Vec<Setting> =
        sql_query("SELECT name FROM pg_settings WHERE name = ANY($1) AND reset_val = 'off' ORDER BY name")
            .bind::<Array<Text>, _>(DURABILITY_SETTINGS.as_slice())
            .load(connection)
            .await?;
    let off: Vec<_> = off.into_iter().map(|setting| setting.name).collect();
    ensure!(
        off.is_empty(),
        "the database could lose acknowledged messages: {} is off; turn it on in postgresql.conf",
        off.join(", ")
    );
    Ok(())
}

/// Writes a temporary file of 1.4 MB: on a full disk a row may still fit into the files that exist, where messages do
/// not.
const WRITE_FILE: &str = "SELECT FROM generate_series(1, 100000) HAVING count(*) > 0";

/// Fails if the database cannot write a row and a file.
pub async fn check_writable(connection: &mut AsyncPgConnection) -> Result<(), StoreError> {
    connection
        .transaction(async |connection| {
            diesel::update(instance::table).set(instance::singleton.eq(true)).execute(connection).await?;
            sql_query("SET LOCAL work_mem = 64").execute(connection).await?;
            sql_query(WRITE_FILE).execute(connection).await?;
            Ok(())
        })
        .await
}

/// The epoch in which the sequence numbers of all chats count.
pub async fn find_epoch(connection: &mut AsyncPgConnection) -> Result<Uuid, StoreError> {
    Ok(instance::table.select(instance::epoch).first(connection).await?)
}
