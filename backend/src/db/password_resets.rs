//! The table of password resets: secrets that set another password, once and for an hour.

use diesel::{
    dsl::sql,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool, Bytea, Text},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    schema::{
        password_resets::{self, dsl},
        users,
    },
    sessions,
};
use crate::{problem::Error, secret::Secret};

/// How many accounts with one address are written to.
const ACCOUNTS_MAX: i64 = 5;
/// How many resets one account may have at a time, so that nobody is flooded with letters.
const RESETS_MAX: i64 = 3;

/// An account whose password may be set anew.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Account {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub username: String,
    #[diesel(sql_type = Text)]
    pub email: String,
}

/// The accounts whose letters go to this address, but for those that have enough letters.
pub async fn of_address(connection: &mut AsyncPgConnection, email: &str) -> Result<Vec<Account>, Error> {
    let accounts = sql_query(
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
    Ok(accounts)
}

/// The account of this name.
pub async fn of_name(connection: &mut AsyncPgConnection, username: &str) -> Result<Option<Account>, Error> {
    let account = sql_query(
        "SELECT id, username, coalesce(recovery_email, email) AS email FROM users \
         WHERE username_key = $1 AND password_hash IS NOT NULL",
    )
    .bind::<Text, _>(super::users::key(username))
    .get_result(connection)
    .await
    .optional()?;
    Ok(account)
}

pub async fn begin(connection: &mut AsyncPgConnection, user_id: i64, secret: &Secret) -> Result<(), Error> {
    let row = (dsl::secret_hash.eq(secret.hash()), dsl::user_id.eq(user_id));
    diesel::insert_into(password_resets::table).values(row).execute(connection).await?;
    Ok(())
}

/// Whose password a secret sets, if it is still good.
pub async fn find(connection: &mut AsyncPgConnection, secret: &Secret) -> Result<Option<Account>, Error> {
    let account = sql_query(
        "SELECT id, username, email FROM users JOIN password_resets ON user_id = id \
         WHERE secret_hash = $1 AND password_resets.created_at > now() - interval '1 hour' \
           AND password_hash IS NOT NULL",
    )
    .bind::<Bytea, _>(secret.hash())
    .get_result(connection)
    .await
    .optional()?;
    Ok(account)
}

/// Sets the password, and ends all that the account is signed in to; returns that. Nothing if the secret was used meanwhile.
/// Other secrets of the account are worthless then.
pub async fn redeem(
    connection: &mut AsyncPgConnection,
    secret: &Secret,
    password_hash: &str,
) -> Result<Option<Vec<Uuid>>, Error> {
    connection
        .transaction(async |connection| {
            let used = password_resets::table.find(secret.hash());
            let user_id = diesel::delete(used.filter(sql::<Bool>("created_at > now() - interval '1 hour'")))
                .returning(dsl::user_id)
                .get_result::<i64>(connection)
                .await
                .optional()?;
            let Some(user_id) = user_id else { return Ok(None) };
            diesel::update(users::table.find(user_id).filter(users::deleted_at.is_null()))
                .set(users::password_hash.eq(password_hash))
                .execute(connection)
                .await?;
            forget(connection, user_id).await?;
            Ok(Some(sessions::end_all(connection, user_id).await?))
        })
        .await
}

/// Makes all secrets of an account worthless.
pub(super) async fn forget(connection: &mut AsyncPgConnection, user_id: i64) -> QueryResult<()> {
    diesel::delete(password_resets::table.filter(dsl::user_id.eq(user_id))).execute(connection).await?;
    Ok(())
}

/// Removes those that have run out.
pub async fn sweep(connection: &mut AsyncPgConnection) -> Result<(), Error> {
    let old = sql::<Bool>("created_at < now() - interval '1 day'");
    diesel::delete(password_resets::table.filter(old)).execute(connection).await?;
    Ok(())
}
