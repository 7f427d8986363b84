//! The table of avatars: a picture for each user who has one.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use shared::member::Member;

use super::{
    members,
    schema::{
        avatars::{self, dsl},
        users,
    },
};
use crate::{db::chats::Raised, problem::Error};

/// Gives a user a picture under a new name, or takes theirs away; every chat they are in gets the next number for it.
pub async fn set(
    connection: &mut AsyncPgConnection,
    user_id: i64,
    picture: Option<(&str, &[u8])>,
) -> Result<Vec<(Raised, Member)>, Error> {
    connection
        .transaction(async |connection| {
            let chats = members::lock_chats_of(connection, user_id).await?;
            let name = picture.map(|(id, _)| id).unwrap_or_default();
            diesel::update(users::table.find(user_id))
                .set(users::avatar.eq(name))
                .execute(connection)
                .await?;
            remove(connection, user_id).await?;
            if let Some((id, jpeg)) = picture {
                diesel::insert_into(avatars::table)
                    .values((dsl::id.eq(id), dsl::user_id.eq(user_id), dsl::jpeg.eq(jpeg)))
                    .execute(connection)
                    .await?;
            }
            Ok(members::touch(connection, user_id, chats).await?)
        })
        .await
}

pub(super) async fn remove(connection: &mut AsyncPgConnection, user_id: i64) -> QueryResult<()> {
    diesel::delete(avatars::table.filter(dsl::user_id.eq(user_id))).execute(connection).await?;
    Ok(())
}

/// The picture of this name.
pub async fn find(connection: &mut AsyncPgConnection, id: &str) -> Result<Option<Vec<u8>>, Error> {
    Ok(avatars::table.find(id).select(dsl::jpeg).first(connection).await.optional()?)
}

/// The picture of a user.
pub async fn of_user(connection: &mut AsyncPgConnection, user_id: i64) -> Result<Option<Vec<u8>>, Error> {
    let own = avatars::table.filter(dsl::user_id.eq(user_id));
    Ok(own.select(dsl::jpeg).first(connection).await.optional()?)
}
