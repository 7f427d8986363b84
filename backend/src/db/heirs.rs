//! Chats whose owner is gone for good: whoever kept them with the owner has them from then on.

use diesel::{prelude::*, sql_query, sql_types::BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    event::Event,
    member::{Role, Standing},
};

use super::{
    members::{column_of, column_of_standing},
    schema::members::dsl,
    turn::Turn,
};
use crate::problem::Error;

#[derive(QueryableByName)]
struct Orphan {
    #[diesel(sql_type = BigInt)]
    chat_id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
}

/// At most `limit` chats that somebody else could have, with their former owners. No owner leaves but by being gone.
pub async fn orphaned(connection: &mut AsyncPgConnection, limit: i64) -> Result<Vec<(i64, i64)>, Error> {
    let rows: Vec<Orphan> = sql_query(
        "SELECT m.chat_id, m.user_id FROM members m JOIN chats ON chats.id = m.chat_id \
         WHERE m.role = 'owner' AND m.standing = 'left' AND chats.deleted_at IS NULL \
           AND EXISTS (SELECT FROM members o WHERE o.chat_id = m.chat_id AND o.standing = 'in') LIMIT $1",
    )
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|Orphan { chat_id, user_id }| (chat_id, user_id)).collect())
}

impl Turn<'_> {
    /// Makes the moderator who came first the owner, or else the first who may write; nobody if nobody is left.
    pub async fn inherit(&mut self, former_id: i64) -> Result<(), Error> {
        for role in [Role::Moderator, Role::Writer, Role::Reader] {
            let heir = dsl::members
                .filter(dsl::chat_id.eq(self.chat.id).and(dsl::role.eq(column_of(role))))
                .filter(dsl::standing.eq(column_of_standing(Standing::In)).and(dsl::user_id.ne(former_id)))
                .order(dsl::seq)
                .select(dsl::user_id)
                .first::<i64>(self.connection)
                .await
                .optional()?;
            if let Some(heir) = heir {
                return self.pass_to(former_id, heir).await;
            }
        }
        Ok(())
    }

    async fn pass_to(&mut self, former_id: i64, heir_id: i64) -> Result<(), Error> {
        let Some(heir) = self.member(heir_id).await? else { return Ok(()) };
        // Nobody is to own it a second time by coming back.
        self.place(former_id, Standing::Left, Role::Writer).await?;
        self.place(heir_id, Standing::In, Role::Owner).await?;
        self.say(former_id, &Event::HandedOver { who: (&heir).into() }).await
    }
}
