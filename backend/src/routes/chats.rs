//! Chats: starting one, and giving one another address.

use actix_web::{
    HttpResponse,
    web::{Data, Json},
};
use futures_util::FutureExt;
use rand::distr::{Alphanumeric, SampleString};
use shared::{
    chat::{Rotated, Started, URI_LENGTH},
    event::Event,
    member::{Role, Standing},
};

use crate::{
    app::App,
    auth::{Moderator, Owner, SignedIn},
    db,
    problem::Error,
};

/// Starts a chat, which is the caller's.
#[utoipa::path(post, path = "/api/chats/", responses((status = 200, body = Started)))]
pub async fn start(app: Data<App>, signed_in: SignedIn) -> Result<Json<Started>, Error> {
    let uri = fresh_address();
    let chat = db::chats::start(&mut *app.db.get().await?, &uri, signed_in.user.id).await?;
    // Their other devices list it as well.
    app.hub.place(chat.id, Some(&uri), signed_in.user.id, Standing::In);
    let (status, message) = ("SUCCESS".to_owned(), "New chat session created".to_owned());
    Ok(Json(Started { status, uri, message, chat: chat.settings() }))
}

/// Deletes the chat.
#[utoipa::path(delete, path = "/api/chats/{uri}/", responses((status = 204)))]
pub async fn end(app: Data<App>, Owner { user, chat }: Owner) -> Result<HttpResponse, Error> {
    app.end_chat(chat.id, Some(user.id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The chat gets another page URL. Nobody loses their place by it; strangers with the old one do not get in any more.
#[utoipa::path(post, path = "/api/chats/{uri}/uri/", responses((status = 200, body = Rotated)))]
pub async fn move_to_new_uri(
    app: Data<App>,
    Moderator { user, chat }: Moderator,
) -> Result<Json<Rotated>, Error> {
    let uri = fresh_address();
    let to = uri.clone();
    let app = app.into_inner();
    let act = app.act(chat.id, move |turn| {
        async move {
            turn.check_role(user.id, Role::Moderator).await?;
            db::chats::move_to(turn.connection, &turn.chat, &to).await?;
            // Whoever keeps the settings in mind keeps the address with them.
            turn.touch_chat().await?;
            turn.say(user.id, &Event::UriRotated).await
        }
        .boxed()
    });
    act.await?;
    Ok(Json(Rotated { uri }))
}

/// An address that nobody guesses.
pub(super) fn fresh_address() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), URI_LENGTH)
}
