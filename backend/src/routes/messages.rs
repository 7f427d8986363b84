//! Messages: reading the history, and saying something.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ContentType, ETag, EntityTag},
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
    db::{self, chats::Address},
    hub::recent,
    problem::Error,
};

/// What was said, a page of it: the newest, unless the query says which.
#[utoipa::path(
    get, path = "/api/chats/{uri}/messages/",
    params(Page),
    responses(
        (status = 200, body = History),
        (status = 304, description = "Nothing happened since the `ETag`."),
    ),
)]
pub async fn history(
    app: Data<App>,
    Reader { chat, .. }: Reader,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let wanted: Page = query(&request)?;
    // The newest ones of a chat that is being read are in memory.
    if wanted.before.is_none() && wanted.after.is_none() {
        let limit = usize::try_from(wanted.limit.unwrap_or(PAGE_MAX)).unwrap_or_default();
        return Ok(page_of(&app, &chat, &newest(&app, chat.id, limit).await?, &request, limit));
    }
    let mut connection = app.db.get().await?;
    let found = db::chats::read(&mut connection, chat.id).await?;
    let (messages, earlier) = db::messages::page(&mut connection, &found, wanted).await?;
    let (epoch, head) = (app.epoch, found.head);
    let history = History { id: chat.id, uri: chat.uri, epoch, head, earlier, messages };
    Ok(HttpResponse::Ok().json(history))
}

/// From memory; otherwise all that memory holds is read, for those who come next.
async fn newest(app: &App, chat_id: i64, limit: usize) -> Result<recent::Page, Error> {
    if let Some(page) = app.hub.recent.newest(chat_id, limit) {
        return Ok(page);
    }
    let reading = app.hub.recent.reading(chat_id);
    let mut connection = app.db.get().await?;
    // The head comes first: the page holds at least up to it.
    let chat = db::chats::read(&mut connection, chat_id).await?;
    let (messages, earlier) = db::messages::newest(&mut connection, &chat, recent::MESSAGES_MAX).await?;
    Ok(reading.keep(chat.head, &messages, earlier, limit))
}

/// A [`History`], put together from what is JSON already.
fn page_of(
    app: &App,
    chat: &Address,
    page: &recent::Page,
    request: &HttpRequest,
    limit: usize,
) -> HttpResponse {
    let tag = EntityTag::new_strong(format!("{}-{}-{limit}", app.epoch.simple(), page.head));
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    // With its quotes: the tag of one page may begin as that of another does.
    if known.is_some_and(|known| known.contains(&tag.to_string())) {
        return HttpResponse::NotModified().insert_header(ETag(tag)).finish();
    }
    let (id, uri, epoch) = (chat.id, &chat.uri, app.epoch);
    let recent::Page { head, earlier, messages } = page;
    let start = format!(
        r#"{{"id":{id},"uri":"{uri}","epoch":"{epoch}","head":{head},"earlier":{earlier},"messages":["#
    );
    let body = [start.as_bytes(), messages, b"]}"].concat();
    HttpResponse::Ok().insert_header(ETag(tag)).content_type(ContentType::json()).body(body)
}

/// Says something. Sent again with the same `client_id`, it is said once.
#[utoipa::path(
    post, path = "/api/chats/{uri}/messages/",
    request_body = Post,
    responses((status = 200, body = Posted), (status = 422)),
)]
pub async fn post(app: Data<App>, writer: Writer, Body(post): Body<Post>) -> Result<Json<Posted>, Error> {
    let client_id = post.client_id.unwrap_or_else(Uuid::new_v4);
    app.count_post(&writer, client_id)?;
    let Writer { user, chat, .. } = writer;
    let mut stored = app.writer.post(chat.clone(), user.clone(), client_id, post.message).await?;
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
