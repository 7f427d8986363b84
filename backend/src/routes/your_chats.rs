//! The caller's chats.

use actix_web::web::{Data, Json};
use shared::{
    member::Standing,
    socket::ServerFrame,
    your_chats::{Mute, YourChats},
};

use crate::{
    app::App,
    auth::{Reader, SignedIn},
    body::{Body, Fields, FromFields},
    db,
    problem::Error,
};

/// The caller's chats, the liveliest first.
#[utoipa::path(get, path = "/api/chats/", responses((status = 200, body = YourChats)))]
pub async fn list(app: Data<App>, SignedIn { user, .. }: SignedIn) -> Result<Json<YourChats>, Error> {
    app.settle_positions(|reached| reached.user_id == user.id).await;
    let chats = db::your_chats::of(&mut *app.db.get().await?, user.id).await?;
    Ok(Json(YourChats { epoch: app.epoch, chats }))
}

/// Whether the caller wants to be told of the chat.
#[utoipa::path(
    put, path = "/api/chats/{uri}/mute/",
    request_body = Mute,
    responses((status = 200, body = Mute)),
)]
pub async fn mute(
    app: Data<App>,
    Reader { user, chat, .. }: Reader,
    Body(mute): Body<Mute>,
) -> Result<Json<Mute>, Error> {
    db::read_positions::mute(&mut *app.db.get().await?, chat.id, user.id, mute.muted).await?;
    // Their other devices read their chats again.
    app.hub.tell_user(user.id, &ServerFrame::Membership { uri: chat.uri, standing: Standing::In });
    Ok(Json(mute))
}

impl FromFields for Mute {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { muted: fields.switch("muted") }
    }
}
