//! Coming into a chat, by any address that leads there.

use std::sync::Arc;

use actix_web::{
    HttpRequest,
    web::{Data, Json, Path},
};
use futures_util::FutureExt;
use shared::{
    chat::{Join, Joined, is_uri},
    member::{Role, Standing},
    problem::{FieldCode, ProblemCode},
    user::User,
};

use crate::{
    address::address,
    app::App,
    auth::{Reader, SignedIn, membership::guessing_is_limited},
    body::{Body, Fields, FromFields},
    db::{self, joining::Came},
    limits::{Limit, Personal},
    problem::{Error, Refusal},
};

/// Makes the caller a member, or finds that they are one, and tells what a newcomer needs. Who keeps the chat may name
/// somebody else.
#[utoipa::path(
    patch, path = "/api/chats/{uri}/",
    request_body = Join,
    responses((status = 200, body = Joined), (status = 403), (status = 409)),
)]
pub async fn join(
    app: Data<App>,
    request: HttpRequest,
    uri: Path<String>,
    SignedIn { user, .. }: SignedIn,
    Body(join): Body<Join>,
) -> Result<Json<Joined>, Error> {
    let (from, app) = (address(&request, &app.config), app.into_inner());
    if db::users::key(&join.username) != db::users::key(&user.username) {
        app.limits.of_person(Personal::Join, user.id)?;
        app.limits.of_address(Limit::Join, from)?;
        let (reader, who) = add(&app, &user, &uri, &join.username).await?;
        return Ok(Json(joined(&app, reader, Some(who)).await?));
    }
    let entered = async {
        match Reader::find(&app, user.id, &uri).await {
            Err(Error::Refused(refusal)) if refusal.code() == ProblemCode::ChatNotFound && is_uri(&uri) => {
                let chat_id = lead(&app, &uri).await?;
                app.limits.of_person(Personal::Join, user.id)?;
                app.limits.of_address(Limit::Join, from)?;
                come(&app, chat_id, &user, &uri).await
            }
            // A link may let them do more than they may so far.
            Ok(reader) if *uri != reader.chat.uri && reader.role < Role::Moderator => {
                come(&app, reader.chat.id, &user, &uri).await
            }
            found => found,
        }
    };
    let reader = guessing_is_limited(&app, from, entered.await)?;
    Ok(Json(joined(&app, Reader { user, ..reader }, None).await?))
}

async fn lead(app: &App, uri: &str) -> Result<i64, Error> {
    let chat_id = db::addresses::chat_of(&mut *app.db.get().await?, uri).await?;
    chat_id.ok_or_else(|| ProblemCode::ChatNotFound.into())
}

async fn come(app: &Arc<App>, chat_id: i64, user: &User, uri: &str) -> Result<Reader, Error> {
    let (hub, who, by) = (Arc::clone(&app.hub), user.clone(), uri.to_owned());
    let act = app.act(chat_id, move |turn| {
        async move {
            let came = db::joining::come(turn, &who, &by).await?;
            if came == Came::Knocks {
                hub.knocks.came_by(turn.chat.id, who.id, by);
            }
            Ok(came)
        }
        .boxed()
    });
    match act.await? {
        Came::In => Reader::find(app, user.id, uri).await,
        Came::Knocks => Err(ProblemCode::Knocking.into()),
    }
}

/// Adds somebody else, which takes a moderator. Others learn nothing, not even whether there is such a chat.
async fn add(app: &Arc<App>, actor: &User, uri: &str, username: &str) -> Result<(Reader, User), Error> {
    let reader = match Reader::find(app, actor.id, uri).await {
        Ok(reader) if reader.role >= Role::Moderator => reader,
        Ok(_) => return Err(only_yourself()),
        Err(Error::Refused(refusal)) if refusal.code() == ProblemCode::ChatNotFound => {
            return Err(only_yourself());
        }
        Err(error) => return Err(error),
    };
    let found = db::users::named(&mut *app.db.get().await?, username).await?;
    let who = found.ok_or_else(|| Refusal::field("username", FieldCode::NotOneOf))?;
    let (actor_id, added) = (actor.id, who.clone());
    let act = app.act(reader.chat.id, move |turn| {
        async move { db::joining::add(turn, actor_id, &added).await }.boxed()
    });
    act.await?;
    Ok((reader, who))
}

fn only_yourself() -> Error {
    Refusal::new(ProblemCode::Forbidden).detail("You can only join as yourself.").into()
}

/// What the chat is for the caller, after they or somebody else came in.
async fn joined(
    app: &App,
    Reader { user: caller, chat, .. }: Reader,
    added: Option<User>,
) -> Result<Joined, Error> {
    let mut connection = app.db.get().await?;
    // The head comes first, so that it is not newer than the members.
    let chat = db::chats::read(&mut connection, chat.id).await?;
    let mut members = db::members::of_chat(&mut connection, chat.id).await?;
    if let Some(own) = members.iter_mut().find(|member| member.user.id == caller.id) {
        own.user.email.clone_from(&caller.email);
    }
    let others = [Standing::Knocking, Standing::Banned];
    let others = db::members::of_standing(&mut connection, chat.id, &others).await?;
    let user = added.unwrap_or(caller);
    let (status, message) = ("SUCCESS".to_owned(), format!("{} joined the chat", user.username));
    let settings = chat.settings();
    Ok(Joined {
        status,
        uri: chat.uri,
        epoch: app.epoch,
        head: chat.head,
        chat: settings,
        members,
        others,
        message,
        user,
    })
}

impl FromFields for Join {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { username: fields.text("username", |_| Ok(())) }
    }
}
