//! Searching messages.

use serde::{Deserialize, Serialize};

use crate::{
    id::{ChatId, MessageId},
    message::Message,
};

/// The longest search, in characters.
pub const SEARCH_QUERY_MAX: usize = 200;
/// The results on one page by default.
pub const SEARCH_PAGE_DEFAULT: i64 = 20;

/// `GET /api/chats/<uri>/search/` and `GET /api/search/`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct SearchQuery {
    /// Words, all of which a message must contain in its text or the names of its files, and filters: `from:ada`, `after:2026-11-01`, `before:2026-12-01`,
    /// `has:file`, `has:image`, `has:link`, `mentions:me`.
    pub q: String,
    /// Only messages with a lower `id`: the value of `before` in the response with the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<MessageId>,
    /// The most results, 1 to [`MESSAGE_PAGE_MAX`](crate::message::MESSAGE_PAGE_MAX); [`SEARCH_PAGE_DEFAULT`] if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// The response of a [`SearchQuery`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchResponse {
    /// Newest first. May be fewer than asked for, and even none, although `before` is set.
    pub results: Vec<SearchResult>,
    /// Where to go on with the next page; left out if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<MessageId>,
    /// Whether some messages could not be searched, because there are too many chats or authors; left out when false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchResult {
    /// The ID of the message's chat.
    pub chat_id: ChatId,
    /// The chat's URI.
    pub uri: String,
    /// The chat's name; left out if it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub chat_name: String,
    /// The message.
    pub message: Message,
    /// Where the words of the search are in the text: start and end of each place in UTF-16 code units, in order and without
    /// overlaps. Empty if the search has only filters.
    pub matches: Vec<[u32; 2]>,
}
