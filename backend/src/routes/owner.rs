//! Whose chat it is.

use actix_web::web::{Data, Json};
use futures_util::FutureExt;
use shared::{
    event::Event,
    member::{HandOver, Member, Role, Standing},
    problem::ProblemCode,
};

use crate::{
    app::App,
    auth::Owner,
    body::{Body, Fields, FromFields},
    db::turn::Turn,
    problem::Error,
};

/// Gives the chat to somebody who is in it; answers the one whose it is then.
#[utoipa::path(
    put, path = "/api/chats/{uri}/owner/",
    request_body = HandOver,
    responses((status = 200, body = Member), (status = 409)),
)]
pub async fn hand_over(
    app: Data<App>,
    Owner { user, chat }: Owner,
    Body(HandOver { user_id }): Body<HandOver>,
) -> Result<Json<Member>, Error> {
    let owner = app.act(chat.id, move |turn| give(turn, user.id, user_id).boxed());
    Ok(Json(owner.await?))
}

async fn give(turn: &mut Turn<'_>, owner_id: i64, heir_id: i64) -> Result<Member, Error> {
    // Of two that are handed over at once, the second is not theirs to give any more.
    turn.check_role(owner_id, Role::Owner).await?;
    let heir = turn.member(heir_id).await?.ok_or(ProblemCode::NotFound)?;
    if heir_id == owner_id || !heir.standing.is_in() {
        return Err(ProblemCode::Conflict.into());
    }
    turn.place(owner_id, Standing::In, Role::Moderator).await?;
    turn.place(heir_id, Standing::In, Role::Owner).await?;
    turn.say(owner_id, &Event::HandedOver { who: (&heir).into() }).await?;
    turn.member(heir_id).await?.ok_or(ProblemCode::NotFound.into())
}

impl FromFields for HandOver {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { user_id: fields.number("user_id", 1..=i64::MAX) }
    }
}
