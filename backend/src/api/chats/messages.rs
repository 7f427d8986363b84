//! Reading and posting messages.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ContentType, ETag, EntityTag},
    web::Data,
};
use shared::{
    file::MESSAGE_FILES_MAX,
    id::{ChatId, Seq},
    member::Role,
    message::{
        MESSAGE_PAGE_MAX, MessagePage, MessagePageQuery, MessagePosted, PostMessage, check_text_beside_files,
    },
    paths,
    problem::FieldCode,
    user::User,
};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    auth::{Authorized, ChatReader, ChatWriter},
    chat::mentions,
    error::ApiError,
    http::extract::{
        body::{FieldReader, FromFields, parse_query},
        idempotency_key::{IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED},
    },
    rate_limit::UserLimit,
    realtime::{
        hub::message_cache::{CachedPage, MESSAGES_MAX},
        ingest::{IngestedPost, Post},
    },
    state::AppState,
    store::{self, StoreError, chats::ChatRef},
};

/// How long a request waits for another one that reads the newest messages of the same chat.
const FILL_TIMEOUT: Duration = Duration::from_secs(10);

/// Lists a page of messages: the newest, unless the query selects another.
#[utoipa::path(
    get, path = paths::CHAT_MESSAGES, operation_id = "listMessages",
    params(MessagePageQuery),
    responses(
        (status = 200, body = MessagePage),
        (status = 304, description = "Nothing changed since the `ETag`."),
    ),
)]
pub async fn list(
    app: Data<AppState>,
    ChatReader { chat, .. }: ChatReader,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query: MessagePageQuery = parse_query(&request)?;
    // The newest messages of active chats are cached.
    let is_newest = MessagePageQuery { limit: None, ..query } == MessagePageQuery::default();
    if is_newest {
        let limit = usize::try_from(query.limit.unwrap_or(MESSAGE_PAGE_MAX)).unwrap_or_default();
        return Ok(respond_with_page(
            &app,
            &chat,
            &load_newest(&app, chat.id, limit).await?,
            &request,
            limit,
        ));
    }
    let mut connection = app.db.get().await?;
    let row = store::chats::find_active(&mut connection, chat.id).await?;
    let (messages, earlier) = store::messages::list_page(&mut connection, &row, query).await?;
    let (epoch, head) = (app.epoch, row.head);
    Ok(HttpResponse::Ok().json(MessagePage { id: chat.id, uri: chat.uri, epoch, head, earlier, messages }))
}

/// Returns the newest messages from the cache, and fills the cache if it is empty.
async fn load_newest(app: &AppState, chat_id: ChatId, limit: usize) -> Result<CachedPage, ApiError> {
    if let Some(page) = app.hub.message_cache.newest(chat_id, limit) {
        return Ok(page);
    }
    // One request reads a chat and fills the cache; the others wait for it.
    let lock = timeout(FILL_TIMEOUT, app.hub.message_cache.lock_fill(chat_id)).await;
    let _lock = lock.map_err(|_| StoreError::Unavailable)?;
    if let Some(page) = app.hub.message_cache.newest(chat_id, limit) {
        return Ok(page);
    }
    let fill = app.hub.message_cache.begin_fill(chat_id);
    let mut connection = app.db.get().await?;
    // The head is read first, so that the page contains at least the messages up to it.
    let chat = store::chats::find_active(&mut connection, chat_id).await?;
    let (messages, earlier) = store::messages::list_newest(&mut connection, &chat, MESSAGES_MAX).await?;
    Ok(fill.complete(chat.head, &messages, earlier, limit))
}

/// Builds the JSON of a `MessagePage` from cached JSON.
fn respond_with_page(
    app: &AppState,
    chat: &ChatRef,
    page: &CachedPage,
    request: &HttpRequest,
    limit: usize,
) -> HttpResponse {
    let tag = EntityTag::new_strong(format!("{}-{}-{limit}", app.epoch.simple(), page.head));
    let if_none_match = request.headers().get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    // Compared with its quotes, because one tag may be the prefix of another.
    if if_none_match.is_some_and(|tags| tags.contains(&tag.to_string())) {
        return HttpResponse::NotModified().insert_header(ETag(tag)).finish();
    }
    let (id, uri, epoch) = (chat.id, &chat.uri, app.epoch);
    let CachedPage { head, has_earlier: earlier, messages } = page;
    let start = format!(
        r#"{{"id":{id},"uri":"{uri}","epoch":"{epoch}","head":{head},"earlier":{earlier},"messages":["#
    );
    let body = [start.as_bytes(), messages, b"]}"].concat();
    HttpResponse::Ok().insert_header(ETag(tag)).content_type(ContentType::json()).body(body)
}

/// Posts a message. Posting it again with the same `client_id` has no effect.
#[utoipa::path(
    post, path = paths::CHAT_MESSAGES, operation_id = "postMessage",
    request_body = PostMessage,
    responses((status = 200, body = MessagePosted), (status = 422)),
)]
pub async fn post(
    app: Data<AppState>,
    Authorized(writer, post): Authorized<ChatWriter, PostMessage>,
) -> Result<HttpResponse, ApiError> {
    let PostMessage { message, client_id, reply_to, files } = post;
    let client_id = client_id.unwrap_or_else(Uuid::new_v4);
    // Checked first: a rejected message does not count.
    let mentioned_ids = mentions::find_ids(&message)?;
    count_post(&app, &writer, client_id).await?;
    let ChatWriter { user, chat, .. } = writer;
    let mentions = mentions::resolve(&app.db, chat.id, &mentioned_ids).await?;
    let post = Post { client_id, message, reply_to, mentions, files };
    let IngestedPost { message: mut stored, is_replay } =
        app.ingest.post(chat.id, user.clone(), post).await?;
    stored.user = User { email: user.email, ..stored.user };
    let mut response = HttpResponse::Ok();
    if is_replay {
        response.insert_header((IDEMPOTENCY_REPLAYED, "true"));
    }
    Ok(response.json(MessagePosted { status: "SUCCESS".to_owned(), uri: chat.uri, stored }))
}

/// Counts a message against the rate limit of the user and the slow mode of the chat.
pub async fn count_post(app: &AppState, writer: &ChatWriter, client_id: Uuid) -> Result<(), ApiError> {
    let ChatWriter { ref user, ref chat, role, slow_mode_seconds } = *writer;
    app.rate_limits.check_user(UserLimit::Post, user.id)?;
    if role > Role::Writer {
        return Ok(());
    }
    app.slow_mode.check(&app.db, (chat.id, user.id), slow_mode_seconds, client_id).await
}

impl FromFields for MessagePageQuery {
    fn from_fields(fields: &mut FieldReader) -> Self {
        let mut seq = |field| fields.optional_number(field, 0..=i64::MAX).map(Seq::new);
        let (before, after, around) = (seq("before"), seq("after"), seq("around"));
        let since = fields.optional_time("since");
        let has_range = before.is_some() || after.is_some();
        if around.is_some() && has_range {
            fields.add_error("around", FieldCode::NotCombinable);
        }
        if since.is_some() && (has_range || around.is_some()) {
            fields.add_error("since", FieldCode::NotCombinable);
        }
        Self { before, after, around, since, limit: fields.optional_number("limit", 1..=MESSAGE_PAGE_MAX) }
    }
}

impl FromFields for PostMessage {
    fn from_fields(fields: &mut FieldReader) -> Self {
        let (message, files) = read_content(fields);
        Self {
            message,
            client_id: fields
                .optional_uuid("client_id")
                .or_else(|| fields.header_uuid(IDEMPOTENCY_KEY, "client_id")),
            reply_to: fields.optional_number("reply_to", 1..=i64::MAX).map(Seq::new),
            files,
        }
    }
}

/// Reads the text and the files of a post.
pub fn read_content(fields: &mut FieldReader) -> (String, Vec<Uuid>) {
    let files = fields.optional_uuids("files", MESSAGE_FILES_MAX, FieldCode::TooManyFiles);
    // With an invalid list, the text may belong to files.
    let has_files = files.as_ref().is_none_or(|files| !files.is_empty());
    let check = |text: &str| check_text_beside_files(text, has_files);
    let message = if has_files {
        fields.optional_text("message", check).unwrap_or_default()
    } else {
        fields.text("message", check)
    };
    (message, files.unwrap_or_default())
}
