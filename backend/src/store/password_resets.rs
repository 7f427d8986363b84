//! The table `password_resets`: single-use tokens that set a new password within an hour.

use diesel::{
    dsl::sql,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool, Bytea, Text},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    error::StoreError,
    schema::{
        password_resets::{self, dsl},
        users,
    },
    sessions,
    users::normalize_username,
};

/// How many accounts with one e-mail address get an e-mail.
const ACCOUNTS_MAX: i64 = 5;
/// How many unexpired resets an account may have: bounds the e-mails it gets.
const RESETS_MAX: i64 = 3;

/// An account whose password can be reset.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct ResetTarget {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub username: String,
    #[diesel(sql_type = Text)]
    pub email: String,
}

/// The accounts whose recovery address this is, except those with too many resets.
pub async fn find_targets_by_email(
    connection: &mut AsyncPgConnection,
    email: &str,
) -> Result<Vec<ResetTarget>, StoreError> {
    let targets = sql_query(
        "SELECT id, username, coalesce(recovery_email, email) AS email FROM users \
         WHERE lower(coalesce(recovery_email, email)) = lower($1) AND password_hash IS NOT NULL \
           AND (SELECT count(*) FROM password_resets \
             WHERE user_id = users.id AND created_at > now() - interval '1 hour') < $2 \
         ORDER BY id LIMIT $3",
    )
    .bind::<Text, _>(email)
    .bind::<BigInt, _>(RESETS_MAX)
    .bind::<BigInt, _>(ACCOUNTS_MAX)
    .load(connection)
    .await?;
    Ok(targets)
}

pub async fn find_target_by_username(
    connection: &mut AsyncPgConnection,
    username: &str,
) -> Result<Option<ResetTarget>, StoreError> {
    let target = sql_query(
        "SELECT id, username, coalesce(recovery_email, email) AS email FROM users \
         WHERE username_key = $1 AND password_hash IS NOT NULL",
    )
    .bind::<Text, _>(normalize_username(username))
    .get_result(connection)
    .await
    .optional()?;
    Ok(target)
}

pub async fn insert(
    connection: &mut AsyncPgConnection,
    user_id: i64,
    token_hash: &[u8],
) -> Result<(), StoreError> {
    let row = (dsl::secret_hash.eq(token_hash), dsl::user_id.eq(user_id));
    diesel::insert_into(password_resets::table).values(row).execute(connection).await?;
    Ok(())
}

/// The account whose password an unexpired token resets.
pub async fn find_target(
    connection: &mut AsyncPgConnection,
    token_hash: &[u8],
) -> Result<Option<ResetTarget>, StoreError> {
    let target = sql_query(
        "SELECT id, username, email FROM users JOIN password_resets ON user_id = id \
         WHERE secret_hash = $1 AND password_resets.created_at > now() - interval '1 hour' \
           AND password_hash IS NOT NULL",
    )
    .bind::<Bytea, _>(token_hash)
    .get_result(connection)
    .await
    .optional()?;
    Ok(target)
}

/// Sets the password, invalidates all tokens of the account and ends its sessions; returns those. `None` if the token
/// was used or has expired.
pub async fn redeem(
    connection: &mut AsyncPgConnection,
    token_hash: &[u8],
    password_hash: &str,
) -> Result<Option<Vec<Uuid>>, StoreError> {
    connection
        .transaction(async |connection| {
            let token = password_resets::table.find(token_hash);
            let user_id = diesel::delete(token.filter(sql::<Bool>("created_at > now() - interval '1 hour'")))
                .returning(dsl::user_id)
                .get_result::<i64>(connection)
                .await
                .optional()?;
            let Some(user_id) = user_id else { return Ok(None) };
            diesel::update(users::table.find(user_id).filter(users::deleted_at.is_null()))
                .set(users::password_hash.eq(password_hash))
                .execute(connection)
                .await?;
            invalidate_all(connection, user_id).await?;
            Ok(Some(sessions::end_all(connection, user_id).await?))
        })
        .await
}

pub(super) async fn invalidate_all(
    connection: &mut AsyncPgConnection,
    user_id: i64,
) -> Result<(), StoreError> {
    diesel::delete(password_resets::table.filter(dsl::user_id.eq(user_id))).execute(connection).await?;
    Ok(())
}

pub async fn delete_expired(connection: &mut AsyncPgConnection) -> Result<(), StoreError> {
    let expired = sql::<Bool>("created_at < now() - interval '1 day'");
    diesel::delete(password_resets::table.filter(expired)).execute(connection).await?;
    Ok(())
}
