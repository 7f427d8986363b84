//! The tables `second_factors` (TOTP) and `recovery_codes`.

use diesel::{
    dsl::now,
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Binary},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use shared::id::UserId;

use super::{
    error::StoreError,
    schema::{
        recovery_codes,
        second_factors::{self, dsl},
    },
    users::raise_credentials_version,
};

/// A stored TOTP secret.
pub struct SecondFactor {
    pub encrypted_secret: Vec<u8>,
    /// Whether a code was verified, so that sign-ins require one.
    pub confirmed: bool,
}

pub async fn find(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
) -> Result<Option<SecondFactor>, StoreError> {
    let row = second_factors::table
        .find(user_id)
        .select((dsl::encrypted_secret, dsl::confirmed_at.is_not_null()))
        .first::<(Vec<u8>, bool)>(connection)
        .await
        .optional()?;
    Ok(row.map(|(encrypted_secret, confirmed)| SecondFactor { encrypted_secret, confirmed }))
}

/// Stores an unconfirmed secret, in place of an earlier unconfirmed one; false if there is a confirmed one.
pub async fn enroll(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    encrypted_secret: &[u8],
) -> Result<bool, StoreError> {
    let stored = sql_query(
        "INSERT INTO second_factors (user_id, encrypted_secret) VALUES ($1, $2) \
         ON CONFLICT (user_id) DO UPDATE SET encrypted_secret = $2, last_step = 0 \
         WHERE second_factors.confirmed_at IS NULL",
    )
    .bind::<BigInt, _>(user_id)
    .bind::<Binary, _>(encrypted_secret)
    .execute(connection)
    .await?;
    Ok(stored > 0)
}

/// Confirms the secret and stores its recovery codes; false if it was confirmed before. Sign-ins that began without a code
/// fail.
pub async fn confirm(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    code_hashes: &[Vec<u8>],
) -> Result<bool, StoreError> {
    connection
        .transaction(async |connection| {
            let unconfirmed = second_factors::table.find(user_id).filter(dsl::confirmed_at.is_null());
            let confirmed =
                diesel::update(unconfirmed).set(dsl::confirmed_at.eq(now)).execute(connection).await?;
            if confirmed == 0 {
                return Ok(false);
            }
            raise_credentials_version(connection, user_id).await?;
            replace_recovery_codes(connection, user_id, code_hashes).await
        })
        .await
}

/// Replaces the recovery codes; false if there is no confirmed second factor.
pub async fn replace_recovery_codes(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    code_hashes: &[Vec<u8>],
) -> Result<bool, StoreError> {
    connection
        .transaction(async |connection| {
            let confirmed = second_factors::table.find(user_id).filter(dsl::confirmed_at.is_not_null());
            let locked = confirmed.select(dsl::user_id).for_update().first::<UserId>(connection).await;
            if locked.optional()?.is_none() {
                return Ok(false);
            }
            delete_codes(connection, user_id).await?;
            sql_query("INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2)")
                .bind::<BigInt, _>(user_id)
                .bind::<Array<Binary>, _>(code_hashes)
                .execute(connection)
                .await?;
            Ok(true)
        })
        .await
}

async fn delete_codes(connection: &mut AsyncPgConnection, user_id: UserId) -> Result<(), StoreError> {
    let codes = recovery_codes::table.filter(recovery_codes::user_id.eq(user_id));
    diesel::delete(codes).execute(connection).await?;
    Ok(())
}

/// The number of unused recovery codes.
pub async fn count_recovery_codes(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
) -> Result<i64, StoreError> {
    let codes = recovery_codes::table.filter(recovery_codes::user_id.eq(user_id));
    Ok(codes.count().get_result(connection).await?)
}

/// Records the use of a time step; false if that step or a later one was used before.
pub async fn consume_step(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    step: i64,
) -> Result<bool, StoreError> {
    let unused = second_factors::table.find(user_id).filter(dsl::last_step.lt(step));
    let updated = diesel::update(unused).set(dsl::last_step.eq(step)).execute(connection).await?;
    Ok(updated > 0)
}

/// Deletes a recovery code; false if there is no such code.
pub async fn consume_recovery_code(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    hash: &[u8],
) -> Result<bool, StoreError> {
    let code = recovery_codes::table.find((user_id, hash));
    Ok(diesel::delete(code).execute(connection).await? > 0)
}

/// Deletes the second factor and its recovery codes.
pub async fn delete(connection: &mut AsyncPgConnection, user_id: UserId) -> Result<(), StoreError> {
    delete_codes(connection, user_id).await?;
    diesel::delete(second_factors::table.find(user_id)).execute(connection).await?;
    Ok(())
}
