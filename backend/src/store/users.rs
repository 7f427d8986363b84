//! The table `users`.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Nullable, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    id::UserId,
    problem::FieldCode,
    user::{Account, User},
};
use unicode_normalization::UnicodeNormalization;

use super::{
    error::{OnConstraint, StoreError},
    schema::users::{self, dsl},
};

/// The unique constraint on [`normalize_username`].
pub(super) const USERNAME_CONSTRAINT: &str = "users_username_key";

#[derive(Queryable, QueryableByName, Selectable)]
#[diesel(table_name = users)]
pub(super) struct UserRow {
    id: UserId,
    username: String,
    first_name: String,
    last_name: String,
    display_name: String,
    avatar: String,
    guest: bool,
}

impl UserRow {
    /// The public profile: no e-mail.
    pub(super) fn into_user(self) -> User {
        let Self { id, username, first_name, last_name, display_name, avatar, guest } = self;
        User { id, username, email: String::new(), first_name, last_name, display_name, avatar, guest }
    }
}

/// What a sign-in with a password is checked against.
#[derive(QueryableByName)]
pub struct PasswordCredentials {
    #[diesel(sql_type = BigInt)]
    pub id: UserId,
    #[diesel(sql_type = Text)]
    pub username: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub password_hash: Option<String>,
    /// See [`super::sessions::start`].
    #[diesel(sql_type = BigInt)]
    pub credentials_version: i64,
}

/// The form in which usernames are compared: names that look alike or differ only in case are equal.
pub fn normalize_username(username: &str) -> String {
    username.nfkc().collect::<String>().to_lowercase()
}

pub async fn create(
    connection: &mut AsyncPgConnection,
    username: &str,
    email: &str,
    password_hash: &str,
) -> Result<Account, StoreError> {
    let id = diesel::insert_into(users::table)
        .values((
            dsl::username.eq(username),
            dsl::username_key.eq(normalize_username(username)),
            dsl::email.eq(email),
            dsl::password_hash.eq(password_hash),
        ))
        .returning(dsl::id)
        .get_result(connection)
        .await
        .on_constraint(USERNAME_CONSTRAINT, username_taken("username"))?;
    let (email, username) = (email.to_owned(), username.to_owned());
    Ok(Account { email, username, id, display_name: String::new(), avatar: String::new(), guest: false })
}

pub(super) fn username_taken(field: &'static str) -> StoreError {
    StoreError::InvalidField(field, FieldCode::UsernameTaken)
}

/// The user with their e-mail, unless deleted.
pub async fn find(connection: &mut AsyncPgConnection, id: UserId) -> Result<Option<User>, StoreError> {
    let row = users::table
        .filter(dsl::id.eq(id).and(dsl::deleted_at.is_null()))
        .select((UserRow::as_select(), dsl::email))
        .first::<(UserRow, String)>(connection)
        .await
        .optional()?;
    Ok(row.map(|(row, email)| User { email, ..row.into_user() }))
}

/// The public profile of the user with this name.
pub async fn find_by_username(
    connection: &mut AsyncPgConnection,
    username: &str,
) -> Result<Option<User>, StoreError> {
    let row = users::table
        .filter(dsl::username_key.eq(normalize_username(username)).and(dsl::deleted_at.is_null()))
        .select(UserRow::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(UserRow::into_user))
}

/// The public profiles of these users, in this order; deleted users are left out.
pub async fn find_many(connection: &mut AsyncPgConnection, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
    let rows = users::table
        .filter(dsl::id.eq_any(ids).and(dsl::deleted_at.is_null()))
        .select(UserRow::as_select())
        .load(connection)
        .await?;
    let mut users: Vec<_> = rows.into_iter().map(UserRow::into_user).collect();
    users.sort_by_key(|user| ids.iter().position(|id| *id == user.id));
    Ok(users)
}

/// The account with this username, or else the only one with this e-mail address. An address proves nothing, since sign-up
/// does not verify it: it stands for a username that the user need not remember.
pub async fn find_credentials(
    connection: &mut AsyncPgConnection,
    login: &str,
) -> Result<Option<PasswordCredentials>, StoreError> {
    let found = sql_query(
        "SELECT id, username, password_hash, credentials_version FROM users WHERE username_key = $1 \
         UNION ALL (SELECT min(id), min(username), min(password_hash), min(credentials_version) FROM users \
           WHERE lower(coalesce(recovery_email, email)) = lower($2) AND password_hash IS NOT NULL \
             AND NOT EXISTS (SELECT FROM users WHERE username_key = $1) \
           HAVING count(*) = 1)",
    )
    .bind::<Text, _>(normalize_username(login))
    .bind::<Text, _>(login)
    .get_result(connection)
    .await
    .optional()?;
    Ok(found)
}

pub async fn find_password_hash(
    connection: &mut AsyncPgConnection,
    id: UserId,
) -> Result<Option<String>, StoreError> {
    Ok(users::table.find(id).select(dsl::password_hash).first(connection).await?)
}

/// Makes sign-ins fail that have begun.
pub(super) async fn raise_credentials_version(
    connection: &mut AsyncPgConnection,
    id: UserId,
) -> Result<(), StoreError> {
    let raised = dsl::credentials_version.eq(dsl::credentials_version + 1);
    diesel::update(users::table.find(id)).set(raised).execute(connection).await?;
    Ok(())
}

/// Replaces a password hash; false if it is not the old one any more.
pub async fn replace_password_hash(
    connection: &mut AsyncPgConnection,
    id: UserId,
    [old, new]: [&str; 2],
) -> Result<bool, StoreError> {
    let unchanged = users::table.filter(dsl::id.eq(id).and(dsl::password_hash.eq(old)));
    Ok(diesel::update(unchanged).set(dsl::password_hash.eq(new)).execute(connection).await? > 0)
}

#[cfg(test)]
mod tests {
    use super::normalize_username;

    #[test]
    fn usernames_that_look_alike_are_equal() {
        assert_eq!(normalize_username("Ada"), normalize_username("aDA"));
        assert_eq!(normalize_username("ÅSA"), normalize_username("a\u{30a}sa"));
        assert_eq!(normalize_username("ａｄａ"), normalize_username("ada"));
        assert_ne!(normalize_username("ada"), normalize_username("ada1"));
    }
}
