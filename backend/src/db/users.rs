//! The table of users.

pub mod guests;

use diesel::{
    dsl::{now, sql},
    prelude::*,
    sql_types::{Nullable, Text},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use shared::{
    member::Member,
    problem::{FieldCode, ProblemCode},
    user::{Account, ChangeMe, User},
};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use super::{
    OnConstraint, avatars, exports, members, passkeys, password_resets,
    schema::users::{self, dsl},
    second_factors,
    sessions::{self, NewSession},
};
use crate::{
    db::chats::Raised,
    problem::{Error, Refusal},
};

/// The name under which the messages of deleted accounts stand. It holds a blank, so nobody can take it.
const DELETED: &str = "deleted account";

#[derive(Queryable, QueryableByName, Selectable)]
#[diesel(table_name = users)]
pub(super) struct UserRow {
    id: i64,
    username: String,
    first_name: String,
    last_name: String,
    display_name: String,
    avatar: String,
    guest: bool,
}

impl UserRow {
    /// The user as others see them.
    pub(super) fn into_user(self) -> User {
        let Self { id, username, first_name, last_name, display_name, avatar, guest } = self;
        User { id, username, email: String::new(), first_name, last_name, display_name, avatar, guest }
    }
}

/// What it takes to sign somebody in.
#[derive(Queryable)]
pub struct Credentials {
    pub id: i64,
    pub password_hash: Option<String>,
}

/// The username as it is compared: two names that look or fold alike are one.
pub fn key(username: &str) -> String {
    username.nfkc().collect::<String>().to_lowercase()
}

pub async fn create(
    connection: &mut AsyncPgConnection,
    username: &str,
    email: &str,
    password_hash: &str,
) -> Result<Account, Error> {
    let id = diesel::insert_into(users::table)
        .values((
            dsl::username.eq(username),
            dsl::username_key.eq(key(username)),
            dsl::email.eq(email),
            dsl::password_hash.eq(password_hash),
        ))
        .returning(dsl::id)
        .get_result(connection)
        .await
        .on_constraint("users_username_key", || taken("username"))?;
    let (email, username) = (email.to_owned(), username.to_owned());
    Ok(Account { email, username, id, display_name: String::new(), avatar: String::new(), guest: false })
}

fn taken(field: &str) -> Refusal {
    Refusal::field(field, FieldCode::UsernameTaken)
}

/// The account with this number, unless it was deleted; its e-mail is filled.
pub async fn find(connection: &mut AsyncPgConnection, id: i64) -> Result<Option<User>, Error> {
    let row = users::table
        .filter(dsl::id.eq(id).and(dsl::deleted_at.is_null()))
        .select((UserRow::as_select(), dsl::email))
        .first::<(UserRow, String)>(connection)
        .await
        .optional()?;
    Ok(row.map(|(row, email)| User { email, ..row.into_user() }))
}

/// The user of this name, as others see them.
pub async fn named(connection: &mut AsyncPgConnection, username: &str) -> Result<Option<User>, Error> {
    let found = users::table
        .filter(dsl::username_key.eq(key(username)).and(dsl::deleted_at.is_null()))
        .select(UserRow::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(found.map(UserRow::into_user))
}

/// These users as others see them, in this order; who is gone is left out.
pub async fn of_ids(connection: &mut AsyncPgConnection, ids: &[i64]) -> Result<Vec<User>, Error> {
    let rows = users::table
        .filter(dsl::id.eq_any(ids).and(dsl::deleted_at.is_null()))
        .select(UserRow::as_select())
        .load(connection)
        .await?;
    let mut users: Vec<_> = rows.into_iter().map(UserRow::into_user).collect();
    users.sort_by_key(|user| ids.iter().position(|id| *id == user.id));
    Ok(users)
}

pub async fn credentials(
    connection: &mut AsyncPgConnection,
    username: &str,
) -> Result<Option<Credentials>, Error> {
    let credentials = users::table
        .filter(dsl::username_key.eq(key(username)))
        .select((dsl::id, dsl::password_hash))
        .first(connection)
        .await
        .optional()?;
    Ok(credentials)
}

pub async fn password_hash(connection: &mut AsyncPgConnection, id: i64) -> Result<Option<String>, Error> {
    Ok(users::table.find(id).select(dsl::password_hash).first(connection).await?)
}

/// Replaces the hash of a password by another one of the same. Nothing if there is another password by now.
pub async fn replace_password_hash(
    connection: &mut AsyncPgConnection,
    id: i64,
    [old, new]: [&str; 2],
) -> Result<bool, Error> {
    let same = users::table.filter(dsl::id.eq(id).and(dsl::password_hash.eq(old)));
    Ok(diesel::update(same).set(dsl::password_hash.eq(new)).execute(connection).await? > 0)
}

/// Begins a session for whoever knew the password, if it is that still: one that was changed meanwhile lets nobody in.
pub async fn sign_in(
    connection: &mut AsyncPgConnection,
    id: i64,
    hash: &str,
    session: NewSession,
) -> Result<(), Error> {
    connection
        .transaction(async |connection| {
            // Whoever changes it waits, and then ends this session too.
            let same = users::table.filter(dsl::id.eq(id).and(dsl::password_hash.eq(hash)));
            let same = same.select(dsl::id).for_share().first::<i64>(connection).await.optional()?;
            same.ok_or(ProblemCode::WrongCredentials)?;
            sessions::begin(connection, session).await
        })
        .await
}

/// Changes what is given. Another display name gets every chat they are in the next number for it. Letters that open the
/// account go to another e-mail address only if it is `proven` that its owner set that.
pub async fn change(
    connection: &mut AsyncPgConnection,
    user: &User,
    change: &ChangeMe,
    proven: bool,
) -> Result<Vec<(Raised, Member)>, Error> {
    let id = user.id;
    connection
        .transaction(async |connection| {
            let name = change.display_name.as_ref().filter(|name| **name != user.display_name);
            let chats = match name {
                Some(_) => members::lock_chats_of(connection, id).await?,
                None => Vec::new(),
            };
            if let Some(email) = &change.email {
                let recovery = if proven { "NULL" } else { "coalesce(recovery_email, email)" };
                let recovery = dsl::recovery_email.eq(sql::<Nullable<Text>>(recovery));
                let changed = diesel::update(users::table.find(id)).set((dsl::email.eq(email), recovery));
                changed.execute(connection).await?;
            }
            if let Some(name) = name {
                let named = dsl::display_name.eq(name);
                diesel::update(users::table.find(id)).set(named).execute(connection).await?;
            }
            Ok(members::touch(connection, id, chats).await?)
        })
        .await
}

/// Gives an account another password, and ends all its sessions but one; returns those. The one that was shown must
/// still be good, and so must the session: else whoever knew it would undo what its owner did meanwhile.
pub async fn change_password(
    connection: &mut AsyncPgConnection,
    id: i64,
    [old, new]: [&str; 2],
    session: Uuid,
) -> Result<Vec<Uuid>, Error> {
    connection
        .transaction(async |connection| {
            if !replace_password_hash(connection, id, [old, new]).await? {
                return Err(Refusal::field("current_password", FieldCode::WrongPassword).into());
            }
            sessions::find(connection, session).await?.ok_or(ProblemCode::SessionEnded)?;
            password_resets::forget(connection, id).await?;
            Ok(sessions::end_others(connection, id, session).await?)
        })
        .await
}

/// Gives a user another name, and every chat they are in the next number for it.
pub async fn rename(
    connection: &mut AsyncPgConnection,
    id: i64,
    username: &str,
) -> Result<Vec<(Raised, Member)>, Error> {
    connection
        .transaction(async |connection| {
            let chats = members::lock_chats_of(connection, id).await?;
            diesel::update(users::table.find(id))
                .set((dsl::username.eq(username), dsl::username_key.eq(key(username))))
                .execute(connection)
                .await
                .on_constraint("users_username_key", || taken("new_username"))?;
            Ok(members::touch(connection, id, chats).await?)
        })
        .await
}

/// Deletes an account: its owner leaves every chat, and what they said stays, under no name; who they were is forgotten.
pub async fn delete(connection: &mut AsyncPgConnection, id: i64) -> Result<Vec<(Raised, Member)>, Error> {
    connection
        .transaction(async |connection| {
            let chats = members::lock_chats_of(connection, id).await?;
            diesel::update(users::table.find(id))
                .set((
                    dsl::username.eq(DELETED),
                    dsl::username_key.eq(None::<String>),
                    dsl::email.eq(""),
                    dsl::recovery_email.eq(None::<String>),
                    dsl::password_hash.eq(None::<String>),
                    dsl::first_name.eq(""),
                    dsl::last_name.eq(""),
                    dsl::display_name.eq(""),
                    dsl::avatar.eq(""),
                    dsl::deleted_at.eq(now),
                ))
                .execute(connection)
                .await?;
            sessions::forget_all(connection, id).await?;
            password_resets::forget(connection, id).await?;
            second_factors::remove(connection, id).await?;
            passkeys::remove_all(connection, id).await?;
            avatars::remove(connection, id).await?;
            exports::remove_all(connection, id).await?;
            members::leave_all(connection, id).await?;
            Ok(members::touch(connection, id, chats).await?)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn names_that_look_alike_are_one() {
        assert_eq!(key("Ada"), key("aDA"));
        assert_eq!(key("ÅSA"), key("a\u{30a}sa"));
        assert_eq!(key("ａｄａ"), key("ada"));
        assert_ne!(key("ada"), key("ada1"));
    }
}
