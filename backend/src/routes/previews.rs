//! What somebody with an address of a chat may know before they are in it. Looking changes nothing.

use actix_web::{
    HttpRequest,
    web::{Data, Json, Path},
};
use shared::{
    chat::{PREVIEW_MAX, Preview, is_uri},
    member::Standing,
    problem::ProblemCode,
    user::User,
};

use crate::{
    address::address,
    app::App,
    auth::{Visitor, membership::guessing_is_limited},
    db::{self, members::Place},
    problem::Error,
};

/// What somebody with an address may know of the chat before they are in it.
#[utoipa::path(get, path = "/api/chats/{uri}/", responses((status = 200, body = Preview), (status = 403)))]
pub async fn show(
    app: Data<App>,
    request: HttpRequest,
    uri: Path<String>,
    Visitor(user): Visitor,
) -> Result<Json<Preview>, Error> {
    let found = preview(&app, &uri, user.as_ref()).await;
    guessing_is_limited(&app, address(&request, &app.config), found).map(Json)
}

async fn preview(app: &App, uri: &str, user: Option<&User>) -> Result<Preview, Error> {
    if !is_uri(uri) {
        return Err(ProblemCode::ChatNotFound.into());
    }
    let mut connection = app.db.get().await?;
    let chat_id = db::addresses::chat_of(&mut connection, uri).await?.ok_or(ProblemCode::ChatNotFound)?;
    let chat = db::chats::read(&mut connection, chat_id).await?;
    let way = db::addresses::way(&mut connection, &chat, uri).await?;
    let mut place = None;
    if let Some(user) = user {
        place = db::members::place(&mut connection, chat_id, user.id).await?;
        if place.is_none_or(|place| !place.standing.is_in()) {
            db::joining::check_ban(&mut connection, chat_id, user.id, place.as_ref()).await?;
        }
    }
    let standing = place.map(|place| place.standing);
    let own = place.filter(|place| place.standing.is_in());
    if !matches!(standing, Some(Standing::In | Standing::Knocking)) {
        way.lets_in(place.as_ref())?;
    }
    let here = app.hub.here(chat_id, PREVIEW_MAX);
    Ok(Preview {
        uri: own.map_or(uri, |_| chat.uri.as_str()).to_owned(),
        members: db::members::count(&mut connection, chat_id).await?,
        here: db::users::of_ids(&mut connection, &here).await?,
        role: own.map_or(way.role, |Place { role, .. }| role),
        approval: chat.approval,
        guests: chat.guests,
        closed: chat.closed,
        standing,
        name: chat.name,
        topic: chat.topic,
    })
}
