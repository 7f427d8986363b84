//! The calls by which a chat is kept pleasant.

use gloo_net::http::Method;
use shared::{
    audit::Audit,
    chat::{ChangeSettings, Rotated},
    link::{CameBy, Links, Made, MakeLink},
    member::{ChangeMember, HandOver},
};

use super::{Done, Request};

pub fn change_settings(uri: &str, change: &ChangeSettings) -> Request<Done> {
    within(Method::PATCH, uri, "settings/").with(change)
}

/// Gives the chat another page URL.
pub fn rotate(uri: &str) -> Request<Rotated> {
    within(Method::POST, uri, "uri/")
}

pub fn change_member(uri: &str, user: i64, change: ChangeMember) -> Request<Done> {
    within(Method::PUT, uri, &format!("members/{user}/")).with(&change)
}

pub fn hand_over(uri: &str, user_id: i64) -> Request<Done> {
    within(Method::PUT, uri, "owner/").with(&HandOver { user_id })
}

pub fn leave(uri: &str) -> Request<Done> {
    within(Method::DELETE, uri, "members/me/")
}

pub fn delete_message(uri: &str, seq: i64) -> Request<Done> {
    within(Method::DELETE, uri, &format!("messages/{seq}/"))
}

/// Deletes what somebody wrote in the last minutes.
pub fn delete_messages(uri: &str, user: i64, minutes: u32) -> Request<Done> {
    within(Method::DELETE, uri, &format!("messages/?user={user}&minutes={minutes}"))
}

pub fn delete_chat(uri: &str) -> Request<Done> {
    within(Method::DELETE, uri, "")
}

pub fn links(uri: &str) -> Request<Links> {
    within(Method::GET, uri, "links/")
}

pub fn make_link(uri: &str, link: &MakeLink) -> Request<Made> {
    within(Method::POST, uri, "links/").with(link)
}

pub fn revoke_link(uri: &str, link: i64) -> Request<Done> {
    within(Method::DELETE, uri, &format!("links/{link}/"))
}

pub fn came_by(uri: &str, link: i64) -> Request<CameBy> {
    within(Method::GET, uri, &format!("links/{link}/members/"))
}

/// What was done in the chat, before that entry if one is named.
pub fn audit(uri: &str, before: Option<i64>) -> Request<Audit> {
    let before = before.map(|id| format!("?before={id}")).unwrap_or_default();
    within(Method::GET, uri, &format!("audit/{before}"))
}

fn within<A>(method: Method, uri: &str, path: &str) -> Request<A> {
    Request::new(method, format!("/api/chats/{uri}/{path}"))
}
