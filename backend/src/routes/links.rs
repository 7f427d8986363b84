//! Links: making them, looking at them, revoking them.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json},
};
use futures_util::FutureExt;
use shared::{
    chat::LIFE_MAX,
    event::Event,
    link::{CameBy, LINKS_MAX, Link, Links, Made, MakeLink, USES_MAX, check_label},
    member::Role,
    problem::{FieldCode, ProblemCode},
};

use super::{chats::fresh_address, number_in_path};
use crate::{
    app::App,
    auth::Moderator,
    body::{Body, Fields, FromFields},
    db::{self, turn::Turn},
    problem::{Error, Refusal},
};

/// The links into the chat, the newest first.
#[utoipa::path(get, path = "/api/chats/{uri}/links/", responses((status = 200, body = Links)))]
pub async fn list(app: Data<App>, Moderator { chat, .. }: Moderator) -> Result<Json<Links>, Error> {
    let links = db::links::of_chat(&mut *app.db.get().await?, chat.id).await?;
    Ok(Json(Links { links }))
}

/// Makes a link. Its secret is told now, and never again.
#[utoipa::path(
    post, path = "/api/chats/{uri}/links/",
    request_body = MakeLink,
    responses((status = 201, body = Made), (status = 409)),
)]
pub async fn make(
    app: Data<App>,
    Moderator { user, chat }: Moderator,
    Body(wanted): Body<MakeLink>,
) -> Result<HttpResponse, Error> {
    let secret = fresh_address();
    let hidden = secret.clone();
    let app = app.into_inner();
    let act =
        app.act(chat.id, move |turn| async move { store(turn, user.id, &hidden, wanted).await }.boxed());
    Ok(HttpResponse::Created().json(Made { link: act.await?, secret }))
}

async fn store(turn: &mut Turn<'_>, actor_id: i64, secret: &str, wanted: MakeLink) -> Result<Link, Error> {
    // Moderators are made by the owner alone.
    let least = if wanted.role == Role::Moderator { Role::Owner } else { Role::Moderator };
    turn.check_role(actor_id, least).await?;
    let chat_id = turn.chat.id;
    if db::links::count_working(turn.connection, chat_id).await? >= LINKS_MAX {
        let detail = format!("A chat has at most {LINKS_MAX} links that work. Revoke one first.");
        return Err(Refusal::new(ProblemCode::Conflict).detail(detail).into());
    }
    let id = db::links::insert(turn.connection, chat_id, actor_id, secret, &wanted).await?;
    let MakeLink { label, role, .. } = wanted;
    turn.note(actor_id, &Event::LinkMade { link: id, label, role }).await?;
    db::links::find(turn.connection, chat_id, id).await
}

/// Revokes a link, if that was not done before.
#[utoipa::path(delete, path = "/api/chats/{uri}/links/{link_id}/", responses((status = 204)))]
pub async fn revoke(
    app: Data<App>,
    Moderator { user, chat }: Moderator,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let id = number_in_path(&request, "link_id")?;
    let app = app.into_inner();
    let act = app.act(chat.id, move |turn| {
        async move {
            turn.check_role(user.id, Role::Moderator).await?;
            let link = db::links::find(turn.connection, turn.chat.id, id).await?;
            if link.revoked_at.is_none() {
                db::links::revoke(turn.connection, id).await?;
                turn.note(user.id, &Event::LinkRevoked { link: id, label: link.label }).await?;
            }
            Ok(())
        }
        .boxed()
    });
    act.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Who came by a link.
#[utoipa::path(
    get, path = "/api/chats/{uri}/links/{link_id}/members/",
    responses((status = 200, body = CameBy)),
)]
pub async fn came_by(
    app: Data<App>,
    Moderator { chat, .. }: Moderator,
    request: HttpRequest,
) -> Result<Json<CameBy>, Error> {
    let mut connection = app.db.get().await?;
    let link = db::links::find(&mut connection, chat.id, number_in_path(&request, "link_id")?).await?;
    Ok(Json(CameBy { members: db::links::came_by(&mut connection, link.id).await? }))
}

impl FromFields for MakeLink {
    fn from_fields(fields: &mut Fields) -> Self {
        let label = fields.optional_text("label", check_label).unwrap_or_default();
        let role = match fields.text("role", check_role).as_str() {
            "reader" => Role::Reader,
            "moderator" => Role::Moderator,
            _ => Role::Writer,
        };
        let mut number = |field, most: u64| {
            fields.optional_number(field, 1..=i64::try_from(most).unwrap_or(i64::MAX)).map(i64::unsigned_abs)
        };
        let expires_in = number("expires_in", LIFE_MAX);
        let uses_max = number("uses_max", USES_MAX.into()).and_then(|most| u32::try_from(most).ok());
        Self { label, role, expires_in, uses_max }
    }
}

fn check_role(role: &str) -> Result<(), FieldCode> {
    if ["reader", "writer", "moderator"].contains(&role) { Ok(()) } else { Err(FieldCode::NotOneOf) }
}
