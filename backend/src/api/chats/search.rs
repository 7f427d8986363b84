//! Searching the messages of one chat, or of all chats of the caller.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use shared::{
    id::{ChatId, MessageId, UserId},
    message::MESSAGE_PAGE_MAX,
    paths,
    search::{SEARCH_PAGE_DEFAULT, SearchQuery, SearchResponse},
};

use crate::{
    auth::{Authenticated, ChatReader},
    error::ApiError,
    http::extract::body::{FieldReader, FromFields, parse_query},
    rate_limit::UserLimit,
    search::{SearchRequest, query::Query},
    state::AppState,
};

/// A search whose `q` is valid.
struct ParsedSearch {
    query: Query,
    before: Option<MessageId>,
    limit: Option<i64>,
}

/// Searches the messages of a chat.
#[utoipa::path(
    get, path = paths::CHAT_SEARCH, operation_id = "searchChat",
    params(SearchQuery),
    responses((status = 200, body = SearchResponse)),
)]
pub async fn search_chat(
    app: Data<AppState>,
    ChatReader { user, chat, .. }: ChatReader,
    request: HttpRequest,
) -> Result<Json<SearchResponse>, ApiError> {
    search(&app, &request, user.id, Some(chat.id)).await
}

/// Searches the messages of all chats of the caller.
#[utoipa::path(
    get, path = paths::SEARCH, operation_id = "searchChats",
    params(SearchQuery),
    responses((status = 200, body = SearchResponse)),
)]
pub async fn search_all(
    app: Data<AppState>,
    Authenticated { user, .. }: Authenticated,
    request: HttpRequest,
) -> Result<Json<SearchResponse>, ApiError> {
    search(&app, &request, user.id, None).await
}

async fn search(
    app: &AppState,
    request: &HttpRequest,
    user_id: UserId,
    chat_id: Option<ChatId>,
) -> Result<Json<SearchResponse>, ApiError> {
    let ParsedSearch { query, before, limit } = parse_query(request)?;
    app.rate_limits.check_user(UserLimit::Search, user_id)?;
    let limit = usize::try_from(limit.unwrap_or(SEARCH_PAGE_DEFAULT)).unwrap_or_default();
    Ok(Json(app.searcher.search(SearchRequest { user_id, chat_id, query, before, limit }).await?))
}

impl FromFields for ParsedSearch {
    fn from_fields(fields: &mut FieldReader) -> Self {
        let mut query = Query::default();
        fields.text("q", |text| {
            query = Query::parse(text)?;
            Ok(())
        });
        Self {
            query,
            before: fields.optional_number("before", 0..=i64::MAX).map(MessageId::new),
            limit: fields.optional_number("limit", 1..=MESSAGE_PAGE_MAX),
        }
    }
}
