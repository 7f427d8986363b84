//! The table `password_resets`: single-use tokens that set a new password within an hour.

use diesel::{
    dsl::sql,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool, Bytea, Text},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use shared::id::UserId;
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

/// How many accounts with one e-mail address can be reset.
const ACCOUNTS_MAX: i64 = 50;
/// How many reset e-mails a mailbox gets in an hour, whatever accounts name it.
const EMAILS_MAX: i64 = 3;

/// An account whose password can be reset.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct ResetTarget {
    #[diesel(sql_type = BigInt)]
    pub id: UserId,
    #[diesel(sql_type = Text)]
    pub username: String,
    #[diesel(sql_type = Text)]
    pub email: String,
}

/// The accounts whose recovery address this is, all with the same spelling of it: the one asked for if there is one. A
/// mailbox that differs in case may belong to another person.
pub async fn find_targets_by_email(
    connection: &mut AsyncPgConnection,
    email: &str,
) -> Result<Vec<ResetTarget>, StoreError> {
    let targets = sql_query(
        "SELECT id, username, coalesce(recovery_email, email) AS email FROM users \
         WHERE lower(coalesce(recovery_email, email)) = lower($1) AND password_hash IS NOT NULL \
         ORDER BY coalesce(recovery_email, email) = $1 DESC, id LIMIT $2",
    )
    .bind::<Text, _>(email)
    .bind::<BigInt, _>(ACCOUNTS_MAX)
    .load::<ResetTarget>(connection)
    .await?;
    let address = targets.as_slice().first().map(|target| target.email.clone()).unwrap_or_default();
    Ok(targets.into_iter().filter(|target| target.email == address).collect())
}

/// Stores the tokens of one e-mail; false if the mailbox got too many.
pub async fn insert_for_email(
    connection: &mut AsyncPgConnection,
    email: &str,
    tokens: &[(UserId, Vec<u8>)],
) -> Result<bool, StoreError> {
    connection
        .transaction(async |connection| {
            // The count is read by a later statement than the lock, so it includes what other requests have committed.
            sql_query("SELECT pg_advisory_xact_lock(hashtextextended(lower($1), 0))")
                .bind::<Text, _>(email)
                .execute(connection)
                .await?;
            let counted = sql_query(
                "WITH mailbox AS (SELECT sha256(convert_to(lower($1), 'UTF8')) AS hash) \
                 INSERT INTO password_reset_emails (mailbox_hash) SELECT hash FROM mailbox \
                 WHERE (SELECT count(*) FROM password_reset_emails \
                   WHERE mailbox_hash = hash AND sent_at > now() - interval '1 hour') < $2",
            );
            let counted =
                counted.bind::<Text, _>(email).bind::<BigInt, _>(EMAILS_MAX).execute(connection).await?;
            if counted > 0 {
                for (user_id, token_hash) in tokens {
                    insert(connection, *user_id, token_hash).await?;
                }
            }
            Ok(counted > 0)
        })
        .await
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
    user_id: UserId,
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
                .get_result::<UserId>(connection)
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
    user_id: UserId,
) -> Result<(), StoreError> {
    diesel::delete(password_resets::table.filter(dsl::user_id.eq(user_id))).execute(connection).await?;
    Ok(())
}

pub async fn delete_expired(connection: &mut AsyncPgConnection) -> Result<(), StoreError> {
    let expired = sql::<Bool>("created_at < now() - interval '1 day'");
    diesel::delete(password_resets::table.filter(expired)).execute(connection).await?;
    sql_query("DELETE FROM password_reset_emails WHERE sent_at < now() - interval '1 hour'")
        .execute(connection)
        .await?;
    Ok(())
}
