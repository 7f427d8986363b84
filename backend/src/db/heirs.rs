//! Chats whose owner is gone for good: whoever kept them with the owner has them from then on.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
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
