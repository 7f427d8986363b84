//! Changes of an account that span several tables: profile, password, username, deletion.

use diesel::{
    dsl::{now, sql},
    prelude::*,
    sql_types::{Nullable, Text},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use shared::{
    id::UserId,
    member::Member,
    problem::{FieldCode, ProblemCode},
    user::{UpdateProfile, User},
};
use uuid::Uuid;

use super::{
    avatars,
    chats::HeadAdvance,
    data_exports,
    error::{OnConstraint, StoreError},
    files, members, passkeys, password_resets,
    schema::users::{self, dsl},
    second_factors, sessions,
    users::{USERNAME_CONSTRAINT, normalize_username, replace_password_hash, username_taken},
};

/// The author of the messages of deleted accounts. The space keeps it from being registered.
const DELETED_USERNAME: &str = "deleted account";

/// Changes the given fields. A new display name is numbered in each of the user's chats. Password resets go to a new
/// e-mail address only if the user was `reauthenticated`.
pub async fn update_profile(
    connection: &mut AsyncPgConnection,
    user: &User,
    change: &UpdateProfile,
    reauthenticated: bool,
) -> Result<Vec<(HeadAdvance, Member)>, StoreError> {
    let id = user.id;
    connection
        .transaction(async |connection| {
            let name = change.display_name.as_ref().filter(|name| **name != user.display_name);
            let chats = match name {
                Some(_) => members::lock_chats_of_user(connection, id).await?,
                None => Vec::new(),
            };
            if let Some(email) = &change.email {
                let recovery = if reauthenticated { "NULL" } else { "coalesce(recovery_email, email)" };
                let recovery = dsl::recovery_email.eq(sql::<Nullable<Text>>(recovery));
                let update = diesel::update(users::table.find(id)).set((dsl::email.eq(email), recovery));
                update.execute(connection).await?;
            }
            if let Some(name) = name {
                let update = diesel::update(users::table.find(id)).set(dsl::display_name.eq(name));
                update.execute(connection).await?;
            }
            members::bump_revision(connection, id, chats).await
        })
        .await
}

/// Replaces the password, and ends all sessions but one; returns those. Both the verified hash and the session must
/// still be valid: otherwise someone who knew the old password could undo what the owner did meanwhile.
pub async fn change_password(
    connection: &mut AsyncPgConnection,
    id: UserId,
    [old, new]: [&str; 2],
    session: Uuid,
) -> Result<Vec<Uuid>, StoreError> {
    connection
        .transaction(async |connection| {
            if !replace_password_hash(connection, id, [old, new]).await? {
                return Err(StoreError::InvalidField("current_password", FieldCode::WrongPassword));
            }
            sessions::find(connection, session).await?.ok_or(ProblemCode::SessionEnded)?;
            password_resets::invalidate_all(connection, id).await?;
            sessions::end_others(connection, id, session).await
        })
        .await
}

/// Changes the username, and numbers the change in each of the user's chats.
pub async fn change_username(
    connection: &mut AsyncPgConnection,
    id: UserId,
    username: &str,
) -> Result<Vec<(HeadAdvance, Member)>, StoreError> {
    connection
        .transaction(async |connection| {
            let chats = members::lock_chats_of_user(connection, id).await?;
            diesel::update(users::table.find(id))
                .set((dsl::username.eq(username), dsl::username_key.eq(normalize_username(username))))
                .execute(connection)
                .await
                .on_constraint(USERNAME_CONSTRAINT, username_taken("new_username"))?;
            members::bump_revision(connection, id, chats).await
        })
        .await
}

/// Deletes an account: erases the personal data and leaves every chat. The messages stay, without a name.
pub async fn delete(
    connection: &mut AsyncPgConnection,
    id: UserId,
) -> Result<Vec<(HeadAdvance, Member)>, StoreError> {
    connection
        .transaction(async |connection| {
            let chats = members::lock_chats_of_user(connection, id).await?;
            diesel::update(users::table.find(id))
                .set((
                    dsl::username.eq(DELETED_USERNAME),
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
            sessions::erase_for_user(connection, id).await?;
            password_resets::invalidate_all(connection, id).await?;
            second_factors::delete(connection, id).await?;
            passkeys::delete_all(connection, id).await?;
            avatars::delete(connection, id).await?;
            data_exports::delete_for_user(connection, id).await?;
            files::discard_unposted(connection, id).await?;
            members::leave_all(connection, id).await?;
            members::bump_revision(connection, id, chats).await
        })
        .await
}
