//! HTTP requests to the server. Each is a value that carries the type of its response.

pub mod account;
pub mod auth;
pub mod downloads;
pub mod early_responses;
pub mod exports;
pub mod json;
pub mod moderation;
pub mod search;

use std::marker::PhantomData;

use futures_util::future::{Either, select};
use gloo_net::http::{Method, Request, RequestBuilder};
use gloo_timers::future::TimeoutFuture;
use js_sys::Reflect;
use leptos::prelude::document;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shared::{
    changes::{Changes, ChangesQuery},
    chat::ChatCreated,
    chat_list::{ChatListResponse, ReadPositionsResponse, UpdateMute, UpdateReadPosition},
    id::Seq,
    message::{Message, MessagePage, PostMessage},
    paths,
    socket::Ticket,
};
use wasm_bindgen::JsValue;
use web_sys::RequestCache;

use self::early_responses::EarlyResponse;
pub use crate::request_error::RequestError;

/// Milliseconds until a request without an answer counts as failed.
const TIMEOUT: u32 = 15_000;
/// As [`TIMEOUT`], for requests that upload a file.
const UPLOAD_TIMEOUT: u32 = 120_000;
const NOT_FOUND: u16 = 404;
/// Messages loaded when a chat opens: one or two screens.
const FIRST_PAGE_SIZE: u8 = 50;

/// A response without fields, or one whose fields are not needed.
#[derive(Deserialize)]
pub struct Empty {}

/// A request whose response is an `R`.
pub struct ApiRequest<R> {
    raw: RawRequest,
    response: PhantomData<R>,
}

/// Method, path and body of a request.
pub struct RawRequest {
    method: Method,
    path: String,
    body: Body,
}

enum Body {
    Empty,
    Json(String),
    File(web_sys::Blob),
}

pub fn create_ticket() -> ApiRequest<Ticket> {
    ApiRequest::new(Method::POST, paths::TICKETS)
}

pub fn list_chats() -> ApiRequest<ChatListResponse> {
    ApiRequest::new(Method::GET, paths::CHATS)
}

pub fn get_read_positions(uri: &str) -> ApiRequest<ReadPositionsResponse> {
    ApiRequest::new(Method::GET, paths::fill(paths::CHAT_READ_POSITION, &[uri]))
}

pub fn set_read_position(uri: &str, seq: Seq) -> ApiRequest<Empty> {
    ApiRequest::new(Method::PUT, paths::fill(paths::CHAT_READ_POSITION, &[uri]))
        .with_json(&UpdateReadPosition { seq })
}

pub fn set_mute(uri: &str, muted: bool) -> ApiRequest<Empty> {
    ApiRequest::new(Method::PUT, paths::fill(paths::CHAT_MUTE, &[uri])).with_json(&UpdateMute { muted })
}

pub fn create_chat() -> ApiRequest<ChatCreated> {
    ApiRequest::new(Method::POST, paths::CHATS)
}

pub fn get_latest_messages(uri: &str) -> ApiRequest<MessagePage> {
    ApiRequest::new(
        Method::GET,
        format!("{}?limit={FIRST_PAGE_SIZE}", paths::fill(paths::CHAT_MESSAGES, &[uri])),
    )
}

/// `selection` is `before`, `after` or `around` with a sequence number, or `since` with a time.
pub fn get_messages(uri: &str, selection: &str) -> ApiRequest<MessagePage> {
    ApiRequest::new(Method::GET, format!("{}?{selection}", paths::fill(paths::CHAT_MESSAGES, &[uri])))
}

/// A page with this message alone, or with an earlier one if it does not exist any more.
pub fn get_message(uri: &str, seq: Seq) -> ApiRequest<MessagePage> {
    let (path, before) = (paths::fill(paths::CHAT_MESSAGES, &[uri]), seq.get().saturating_add(1));
    ApiRequest::new(Method::GET, format!("{path}?before={before}&limit=1"))
}

pub fn get_changes(uri: &str, since: ChangesQuery) -> ApiRequest<Changes> {
    let epoch = since.epoch.map(|epoch| format!("&epoch={epoch}")).unwrap_or_default();
    ApiRequest::new(
        Method::GET,
        format!("{}?after={}{epoch}", paths::fill(paths::CHAT_CHANGES, &[uri]), since.after),
    )
}

/// The response contains the fields of the stored message, among others.
pub fn post_message(uri: &str, post: &PostMessage) -> ApiRequest<Message> {
    ApiRequest::new(Method::POST, paths::fill(paths::CHAT_MESSAGES, &[uri])).with_json(post)
}

impl<R> ApiRequest<R> {
    fn new(method: Method, path: impl Into<String>) -> Self {
        Self { raw: RawRequest { method, path: path.into(), body: Body::Empty }, response: PhantomData }
    }

    fn with_json(mut self, body: &impl Serialize) -> Self {
        self.raw.body = serde_json::to_string(body).map_or(Body::Empty, Body::Json);
        self
    }

    /// The browser sets the content type; the server detects the format by itself.
    fn with_file(mut self, file: web_sys::Blob) -> Self {
        self.raw.body = Body::File(file);
        self
    }
}

impl<R: DeserializeOwned> ApiRequest<R> {
    pub async fn send(self, token: Option<&str>) -> Result<R, RequestError> {
        Self::decode(&self.raw.send(token).await?)
    }

    /// For callers that send the request more than once and read the response with [`ApiRequest::decode`].
    pub fn into_raw(self) -> RawRequest {
        self.raw
    }

    pub fn decode(text: &str) -> Result<R, RequestError> {
        decode(text).ok_or(RequestError::Unreachable)
    }
}

impl RawRequest {
    pub async fn send(&self, token: Option<&str>) -> Result<String, RequestError> {
        let (status, text) = fetch(self, token).await?;
        if (200..300).contains(&status) { Ok(text) } else { Err(decode_error(&text)) }
    }
}

/// Reads a response; no content counts as an object without fields.
pub fn decode<R: DeserializeOwned>(text: &str) -> Option<R> {
    let text = if text.is_empty() { "{}" } else { text };
    json::from_str(text)
}

/// Proxies in front of the server answer without a problem document.
pub fn decode_error(text: &str) -> RequestError {
    decode(text).map_or(RequestError::Unreachable, RequestError::Rejected)
}

async fn fetch(raw: &RawRequest, token: Option<&str>) -> Result<(u16, String), RequestError> {
    let mut request = RequestBuilder::new(&raw.path).method(raw.method.clone());
    if let Some(token) = token {
        request = request.header("Authorization", &format!("JWT {token}"));
    }
    let (request, timeout) = match &raw.body {
        Body::Empty => (request.build(), TIMEOUT),
        Body::Json(json) => (request.header("Content-Type", "application/json").body(json.as_str()), TIMEOUT),
        Body::File(file) => (request.body(file), UPLOAD_TIMEOUT),
    };
    let mut request = request.map_err(|_| RequestError::Unreachable)?;
    if raw.method == Method::DELETE {
        request = keep_alive(request);
    }
    let early = EarlyResponse::take(&raw.method, &raw.path);
    let response = async {
        if let Some(early) = early
            && let Some(received) = early.receive().await
        {
            return Ok(received);
        }
        let response = request.send().await?;
        Ok::<_, gloo_net::Error>((response.status(), response.text().await?))
    };
    match select(Box::pin(response), TimeoutFuture::new(timeout)).await {
        Either::Left((response, _)) => response.map_err(|_| RequestError::Unreachable),
        Either::Right(_) => Err(RequestError::Unreachable),
    }
}

/// Whether the server no longer has the script of this page, because it has been upgraded.
pub async fn is_page_outdated() -> bool {
    let script = document().query_selector("script[type=module][src]").ok().flatten();
    let Some(url) = script.and_then(|script| script.get_attribute("src")) else { return false };
    // Not from the browser's cache.
    let request = RequestBuilder::new(&url).method(Method::HEAD).cache(RequestCache::NoStore);
    request.send().await.is_ok_and(|response| response.status() == NOT_FOUND)
}

/// The browser sends it even when the page is closed.
fn keep_alive(request: Request) -> Request {
    let (request, init) = (web_sys::Request::from(request), web_sys::RequestInit::new());
    // A browser that does not know the option ignores it.
    let _set = Reflect::set(&init, &JsValue::from_str("keepalive"), &JsValue::TRUE);
    web_sys::Request::new_with_request_and_init(&request, &init).unwrap_or(request).into()
}

#[cfg(test)]
mod tests {
    use shared::{chat::UriRotated, id::Head, problem::ProblemCode};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn answer_of_proxy_is_unreachable() {
        assert_eq!(decode_error("<html>502 Bad Gateway</html>"), RequestError::Unreachable);
        let json = r#"{"type":"about:blank","title":"","status":404,"detail":"","code":"chat_not_found"}"#;
        assert_eq!(decode_error(json).code(), Some(ProblemCode::ChatNotFound));
    }

    #[test]
    fn empty_response_accepts_no_content_and_any_object() {
        assert!(decode::<Empty>("").is_some() && decode::<Empty>(r#"{"id":1,"name":"Tea"}"#).is_some());
        assert!(decode::<Empty>("<html>").is_none() && decode::<UriRotated>("").is_none());
    }

    #[test]
    fn changes_path_contains_head_and_epoch() {
        let since = ChangesQuery { after: Head::new(7), epoch: Some(Uuid::nil()) };
        let path = get_changes("tea", since).raw.path;
        assert_eq!(path, "/api/chats/tea/changes/?after=7&epoch=00000000-0000-0000-0000-000000000000");
    }
}
