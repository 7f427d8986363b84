//! Chats: starting one, and coming into one.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path},
};
use rand::distr::{Alphanumeric, SampleString};
use shared::{
    chat::{Join, Joined, Started, URI_LENGTH, is_uri},
    member::Standing,
    problem::ProblemCode,
    user::User,
};

use crate::{
    address::address,
    app::App,
    auth::{Owner, Reader, SignedIn, membership::guessing_is_limited},
    body::{Body, Fields, FromFields},
    db::{self, chats::Address},
    problem::{Error, Refusal},
};

pub async fn start(app: Data<App>, signed_in: SignedIn) -> Result<Json<Started>, Error> {
    let uri = Alphanumeric.sample_string(&mut rand::rng(), URI_LENGTH);
    let chat = db::chats::start(&mut *app.db.get().await?, &uri, signed_in.user.id).await?;
    // Their other devices list it as well.
    app.hub.place(chat.id, &uri, signed_in.user.id, Standing::In);
    let (status, message) = ("SUCCESS".to_owned(), "New chat session created".to_owned());
    Ok(Json(Started { status, uri, message, chat: chat.settings() }))
}

/// Deletes the chat.
pub async fn end(app: Data<App>, Owner { user, chat }: Owner) -> Result<HttpResponse, Error> {
    app.end_chat(chat.id, Some(user.id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Makes the caller a member, or finds that they are one, and tells what a newcomer needs.
pub async fn join(
    app: Data<App>,
    request: HttpRequest,
    uri: Path<String>,
    SignedIn { user, .. }: SignedIn,
    Body(join): Body<Join>,
) -> Result<Json<Joined>, Error> {
    if db::users::key(&join.username) != db::users::key(&user.username) {
        let detail = "You can only join as yourself.";
        return Err(Refusal::new(ProblemCode::Forbidden).detail(detail).into());
    }
    let reader = guessing_is_limited(&app, address(&request, &app.config), enter(&app, &user, &uri).await)?;
    Ok(Json(joined(&app, Reader { user, ..reader }).await?))
}

async fn enter(app: &App, user: &User, uri: &str) -> Result<Reader, Error> {
    match Reader::find(app, user.id, uri).await {
        Err(Error::Refused(refusal)) if refusal.code() == ProblemCode::ChatNotFound && is_uri(uri) => {
            let chat_id = db::addresses::chat_of(&mut *app.db.get().await?, uri).await?;
            let chat =
                db::chats::read(&mut *app.db.get().await?, chat_id.ok_or(ProblemCode::ChatNotFound)?).await?;
            app.writer.join(Address { id: chat.id, uri: chat.uri }, user.clone()).await?;
            Reader::find(app, user.id, uri).await
        }
        found => found,
    }
}

async fn joined(app: &App, Reader { user, chat, .. }: Reader) -> Result<Joined, Error> {
    let mut connection = app.db.get().await?;
    // The head comes first, so that it is not newer than the members.
    let chat = db::chats::read(&mut connection, chat.id).await?;
    let mut members = db::members::of_chat(&mut connection, chat.id).await?;
    if let Some(own) = members.iter_mut().find(|member| member.user.id == user.id) {
        own.user.email.clone_from(&user.email);
    }
    let others = [Standing::Knocking, Standing::Banned];
    let others = db::members::of_standing(&mut connection, chat.id, &others).await?;
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
