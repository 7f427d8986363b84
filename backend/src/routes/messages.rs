//! Messages: reading the history, and saying something.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use shared::{
    message::{History, PAGE_MAX, Page, Post, Posted, check_message},
    user::User,
};
use uuid::Uuid;

use crate::{
    app::App,
    auth::{Reader, Writer},
    body::{Body, Fields, FromFields, query},
    db,
    problem::Error,
};

pub async fn history(
    app: Data<App>,
    Reader { chat, .. }: Reader,
    request: HttpRequest,
) -> Result<Json<History>, Error> {
    let page = query(&request)?;
    let (messages, earlier) = db::messages::page(&mut *app.db.get().await?, chat.id, page).await?;
    Ok(Json(History { id: chat.id, uri: chat.uri, epoch: app.epoch, head: chat.head, earlier, messages }))
}

pub async fn post(
    app: Data<App>,
    Writer { user, chat }: Writer,
    Body(post): Body<Post>,
) -> Result<Json<Posted>, Error> {
    app.limits.post_of(user.id)?;
    let client_id = post.client_id.unwrap_or_else(Uuid::new_v4);
    let mut stored = app.writer.post(chat.id, user.clone(), client_id, post.message).await?;
    stored.user = User { email: user.email, ..stored.user };
    Ok(Json(Posted { status: "SUCCESS".to_owned(), uri: chat.uri, stored }))
}

impl FromFields for Page {
    fn from_fields(fields: &mut Fields) -> Self {
        Self {
            before: fields.optional_number("before", 0..=i64::MAX),
            after: fields.optional_number("after", 0..=i64::MAX),
            limit: fields.optional_number("limit", 1..=PAGE_MAX),
        }
    }
}

impl FromFields for Post {
    fn from_fields(fields: &mut Fields) -> Self {
        Self {
            message: fields.text("message", check_message),
            client_id: fields
                .optional_uuid("client_id")
                .or_else(|| fields.header_uuid("idempotency-key", "client_id")),
        }
    }
}
