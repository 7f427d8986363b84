//! Deleting messages: that something was said stays, what was said does not.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json},
};
use chrono::{TimeDelta, Utc};
use futures_util::FutureExt;
use shared::{
    event::Event,
    member::Role,
    message::{Deleted, LATELY_MAX},
    problem::ProblemCode,
};

use super::number_in_path;
use crate::{
    app::App,
    auth::{Moderator, Reader},
    body::{Fields, FromFields, query},
    db::turn::Turn,
    problem::Error,
};

/// What somebody has written lately.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Lately {
    /// The author's id.
    user: i64,
    /// How far back, at most 1,440.
    minutes: i64,
}

/// Deletes one message. Deleting it again changes nothing.
#[utoipa::path(
    delete, path = "/api/chats/{uri}/messages/{seq}/",
    responses((status = 204), (status = 409), (status = 403)),
)]
pub async fn one(
    app: Data<App>,
    Reader { user, chat, .. }: Reader,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let seq = number_in_path(&request, "seq")?;
    app.act(chat.id, move |turn| delete(turn, user.id, seq).boxed()).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn delete(turn: &mut Turn<'_>, actor_id: i64, seq: i64) -> Result<(), Error> {
    let role = turn.role_of(actor_id).await?;
    let message = turn.message(seq).await?.ok_or(ProblemCode::NotFound)?;
    let is_own = message.user.id == actor_id;
    if message.event.is_some() {
        return Err(ProblemCode::Conflict.into());
    }
    if !is_own && role < Role::Moderator {
        return Err(ProblemCode::Forbidden.into());
    }
    if message.deleted {
        return Ok(());
    }
    turn.delete_message(seq).await?;
    if !is_own {
        let who = (&message.user).into();
        turn.note(actor_id, &Event::MessageDeleted { who, seq }).await?;
    }
    Ok(())
}

/// Deletes what somebody has written lately, the newest first.
#[utoipa::path(
    delete, path = "/api/chats/{uri}/messages/",
    params(Lately),
    responses((status = 200, body = Deleted)),
)]
pub async fn lately(
    app: Data<App>,
    Moderator { user, chat }: Moderator,
    request: HttpRequest,
) -> Result<Json<Deleted>, Error> {
    let wanted: Lately = query(&request)?;
    let deleted = app.act(chat.id, move |turn| sweep(turn, user.id, wanted).boxed());
    Ok(Json(Deleted { count: deleted.await? }))
}

async fn sweep(turn: &mut Turn<'_>, actor_id: i64, wanted: Lately) -> Result<u32, Error> {
    turn.check_role(actor_id, Role::Moderator).await?;
    let writer = turn.member(wanted.user).await?.ok_or(ProblemCode::NotFound)?;
    let since = Utc::now() - TimeDelta::minutes(wanted.minutes);
    let count = turn.delete_messages_of(wanted.user, since).await?;
    if count > 0 {
        let who = (&writer).into();
        turn.say(actor_id, &Event::MessagesDeleted { who, count }).await?;
    }
    Ok(count)
}

impl FromFields for Lately {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { user: fields.number("user", 1..=i64::MAX), minutes: fields.number("minutes", 1..=LATELY_MAX) }
    }
}
