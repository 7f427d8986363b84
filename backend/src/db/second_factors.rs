//! The tables of second factors, and of the recovery codes that stand in for them.

use diesel::{
    dsl::now,
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Binary},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use super::schema::{
    recovery_codes,
    second_factors::{self, dsl},
};
use crate::problem::Error;

/// A second factor as it is stored.
pub struct Factor {
    pub sealed_secret: Vec<u8>,
    /// Whether somebody has shown a code of it, so that it is asked for from then on.
    pub confirmed: bool,
}

pub async fn find(connection: &mut AsyncPgConnection, user_id: i64) -> Result<Option<Factor>, Error> {
    let found = second_factors::table
        .find(user_id)
        .select((dsl::sealed_secret, dsl::confirmed_at.is_not_null()))
        .first::<(Vec<u8>, bool)>(connection)
        .await
        .optional()?;
    Ok(found.map(|(sealed_secret, confirmed)| Factor { sealed_secret, confirmed }))
}

/// Begins one, in the place of one that was begun; false if there is one already that counts.
pub async fn begin(connection: &mut AsyncPgConnection, user_id: i64, sealed: &[u8]) -> Result<bool, Error> {
    let begun = sql_query(
        "INSERT INTO second_factors (user_id, sealed_secret) VALUES ($1, $2) \
         ON CONFLICT (user_id) DO UPDATE SET sealed_secret = $2, last_step = 0 \
         WHERE second_factors.confirmed_at IS NULL",
    )
    .bind::<BigInt, _>(user_id)
    .bind::<Binary, _>(sealed)
    .execute(connection)
    .await?;
    Ok(begun > 0)
}

/// From now on it is asked for, and these codes stand in for it; false if it was so already.
pub async fn confirm(
    connection: &mut AsyncPgConnection,
    user_id: i64,
    code_hashes: &[Vec<u8>],
) -> Result<bool, Error> {
    connection
        .transaction(async |connection| {
            let begun = second_factors::table.find(user_id).filter(dsl::confirmed_at.is_null());
            let confirmed = diesel::update(begun).set(dsl::confirmed_at.eq(now)).execute(connection).await?;
            if confirmed > 0 {
                replace_codes(connection, user_id, code_hashes).await?;
            }
            Ok(confirmed > 0)
        })
        .await
}

/// Gives the account these recovery codes and no others; false if it has no second factor for which they could stand in.
pub async fn renew_codes(
    connection: &mut AsyncPgConnection,
    user_id: i64,
    code_hashes: &[Vec<u8>],
) -> Result<bool, Error> {
    connection
        .transaction(async |connection| {
            let factor = second_factors::table.find(user_id).filter(dsl::confirmed_at.is_not_null());
            let is_on = factor.select(dsl::user_id).for_update().first::<i64>(connection).await.optional()?;
            if is_on.is_some() {
                replace_codes(connection, user_id, code_hashes).await?;
            }
            Ok(is_on.is_some())
        })
        .await
}

async fn replace_codes(
    connection: &mut AsyncPgConnection,
    user_id: i64,
    code_hashes: &[Vec<u8>],
) -> QueryResult<()> {
    remove_codes(connection, user_id).await?;
    sql_query("INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2)")
        .bind::<BigInt, _>(user_id)
        .bind::<Array<Binary>, _>(code_hashes)
        .execute(connection)
        .await?;
    Ok(())
}

async fn remove_codes(connection: &mut AsyncPgConnection, user_id: i64) -> QueryResult<()> {
    let codes = recovery_codes::table.filter(recovery_codes::user_id.eq(user_id));
    diesel::delete(codes).execute(connection).await?;
    Ok(())
}

/// How many recovery codes are left.
pub async fn count_codes(connection: &mut AsyncPgConnection, user_id: i64) -> Result<i64, Error> {
    let codes = recovery_codes::table.filter(recovery_codes::user_id.eq(user_id));
    Ok(codes.count().get_result(connection).await?)
}

/// Uses the code of a step of time; false if that or a later one was used.
pub async fn use_step(connection: &mut AsyncPgConnection, user_id: i64, step: i64) -> Result<bool, Error> {
    let unused = second_factors::table.find(user_id).filter(dsl::last_step.lt(step));
    let used = diesel::update(unused).set(dsl::last_step.eq(step)).execute(connection).await?;
    Ok(used > 0)
}

/// Uses a recovery code; false if there is none like it.
pub async fn use_recovery_code(
    connection: &mut AsyncPgConnection,
    user_id: i64,
    hash: &[u8],
) -> Result<bool, Error> {
    let code = recovery_codes::table.find((user_id, hash));
    Ok(diesel::delete(code).execute(connection).await? > 0)
}

/// Takes it away, with its recovery codes.
pub async fn remove(connection: &mut AsyncPgConnection, user_id: i64) -> QueryResult<()> {
    remove_codes(connection, user_id).await?;
    diesel::delete(second_factors::table.find(user_id)).execute(connection).await?;
    Ok(())
}
