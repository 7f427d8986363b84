//! Searching messages.

use gloo_net::http::Method;
use shared::{id::MessageId, paths, search::SearchResponse};

use super::ApiRequest;

/// Searches this chat, or all chats of the user if `uri` is empty; `before` selects a further page.
pub fn search_messages(uri: &str, text: &str, before: Option<MessageId>) -> ApiRequest<SearchResponse> {
    let path =
        if uri.is_empty() { paths::SEARCH.to_owned() } else { paths::fill(paths::CHAT_SEARCH, &[uri]) };
    let text = String::from(js_sys::encode_uri_component(text));
    let before = before.map(|before| format!("&before={before}")).unwrap_or_default();
    ApiRequest::new(Method::GET, format!("{path}?q={text}{before}"))
}
