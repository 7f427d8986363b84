//! The table `avatars`.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use shared::{id::UserId, member::Member};

use super::{
    chats::HeadAdvance,
    error::StoreError,
    members,
    schema::{
        avatars::{self, dsl},
        users,
    },
};

/// Replaces or removes a user's avatar, given as id and JPEG, and numbers the change in each of their chats.
pub async fn set(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    avatar: Option<(&str, &[u8])>,
) -> Result<Vec<(HeadAdvance, Member)>, StoreError> {
    connection
        .transaction(async |connection| {
            let chats = members::lock_chats_of_user(connection, user_id).await?;
            let id = avatar.map(|(id, _)| id).unwrap_or_default();
            diesel::update(users::table.find(user_id)).set(users::avatar.eq(id)).execute(connection).await?;
            delete(connection, user_id).await?;
            if let Some((id, jpeg)) = avatar {
                diesel::insert_into(avatars::table)
                    .values((dsl::id.eq(id), dsl::user_id.eq(user_id), dsl::jpeg.eq(jpeg)))
                    .execute(connection)
                    .await?;
            }
            members::bump_revision(connection, user_id, chats).await
        })
        .await
}

pub(super) async fn delete(connection: &mut AsyncPgConnection, user_id: UserId) -> Result<(), StoreError> {
    diesel::delete(avatars::table.filter(dsl::user_id.eq(user_id))).execute(connection).await?;
    Ok(())
}

/// The JPEG with this id.
pub async fn find(connection: &mut AsyncPgConnection, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(avatars::table.find(id).select(dsl::jpeg).first(connection).await.optional()?)
}

pub async fn find_for_user(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
) -> Result<Option<Vec<u8>>, StoreError> {
    let avatar = avatars::table.filter(dsl::user_id.eq(user_id));
    Ok(avatar.select(dsl::jpeg).first(connection).await.optional()?)
}
