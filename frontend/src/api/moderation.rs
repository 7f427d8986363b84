//! Requests for the settings, members, messages and invite links of a chat, except for posting.

use gloo_net::http::Method;
use shared::{
    audit_log::AuditLogResponse,
    chat::{UpdateChatSettings, UriRotated},
    id::{LinkId, Seq, UserId},
    invite_link::{CreateInviteLink, InviteLinkCreated, InviteLinkUse, InviteLinksResponse},
    member::{TransferOwnership, UpdateMember},
    message::{
        DeleteMessages, EditMessage, Message, MessageVersionsResponse, PinsResponse, ReactionsResponse,
    },
    paths,
};

use super::{ApiRequest, Empty};

pub fn update_settings(uri: &str, change: &UpdateChatSettings) -> ApiRequest<Empty> {
    ApiRequest::new(Method::PATCH, paths::fill(paths::CHAT_SETTINGS, &[uri])).with_json(change)
}

/// Replaces the chat link.
pub fn rotate_uri(uri: &str) -> ApiRequest<UriRotated> {
    ApiRequest::new(Method::POST, paths::fill(paths::CHAT_URI, &[uri]))
}

pub fn update_member(uri: &str, user_id: UserId, change: UpdateMember) -> ApiRequest<Empty> {
    ApiRequest::new(Method::PUT, paths::fill(paths::CHAT_MEMBER, &[uri, &user_id.to_string()]))
        .with_json(&change)
}

pub fn transfer_ownership(uri: &str, user_id: UserId) -> ApiRequest<Empty> {
    ApiRequest::new(Method::PUT, paths::fill(paths::CHAT_OWNER, &[uri]))
        .with_json(&TransferOwnership { user_id })
}

pub fn edit_message(uri: &str, seq: Seq, edit: &EditMessage) -> ApiRequest<Empty> {
    ApiRequest::new(Method::PATCH, paths::fill(paths::CHAT_MESSAGE, &[uri, &seq.to_string()])).with_json(edit)
}

pub fn list_message_versions(uri: &str, seq: Seq) -> ApiRequest<MessageVersionsResponse> {
    ApiRequest::new(Method::GET, paths::fill(paths::CHAT_MESSAGE_VERSIONS, &[uri, &seq.to_string()]))
}

pub fn pin_message(uri: &str, seq: Seq) -> ApiRequest<Empty> {
    ApiRequest::new(Method::PUT, paths::fill(paths::CHAT_PIN, &[uri, &seq.to_string()]))
}

pub fn unpin_message(uri: &str, seq: Seq) -> ApiRequest<Empty> {
    ApiRequest::new(Method::DELETE, paths::fill(paths::CHAT_PIN, &[uri, &seq.to_string()]))
}

pub fn list_pins(uri: &str) -> ApiRequest<PinsResponse> {
    ApiRequest::new(Method::GET, paths::fill(paths::CHAT_PINS, &[uri]))
}

pub fn list_reactions(uri: &str, seq: Seq) -> ApiRequest<ReactionsResponse> {
    ApiRequest::new(Method::GET, paths::fill(paths::CHAT_MESSAGE_REACTIONS, &[uri, &seq.to_string()]))
}

/// Adds a reaction of the user, or removes it.
pub fn set_reaction(uri: &str, seq: Seq, emoji: &str, is_set: bool) -> ApiRequest<Message> {
    let emoji = String::from(js_sys::encode_uri_component(emoji));
    let path = paths::fill(paths::CHAT_MESSAGE_REACTION, &[uri, &seq.to_string(), &emoji]);
    ApiRequest::new(if is_set { Method::PUT } else { Method::DELETE }, path)
}

pub fn delete_message(uri: &str, seq: Seq) -> ApiRequest<Empty> {
    ApiRequest::new(Method::DELETE, paths::fill(paths::CHAT_MESSAGE, &[uri, &seq.to_string()]))
}

pub fn delete_messages(uri: &str, messages: &DeleteMessages) -> ApiRequest<Empty> {
    ApiRequest::new(Method::POST, paths::fill(paths::CHAT_DELETIONS, &[uri])).with_json(messages)
}

/// Deletes the messages of a user from the last minutes.
pub fn delete_recent_messages(uri: &str, user_id: UserId, minutes: u32) -> ApiRequest<Empty> {
    ApiRequest::new(
        Method::DELETE,
        format!("{}?user={user_id}&minutes={minutes}", paths::fill(paths::CHAT_MESSAGES, &[uri])),
    )
}

pub fn delete_chat(uri: &str) -> ApiRequest<Empty> {
    ApiRequest::new(Method::DELETE, paths::fill(paths::CHAT, &[uri]))
}

pub fn list_invite_links(uri: &str) -> ApiRequest<InviteLinksResponse> {
    ApiRequest::new(Method::GET, paths::fill(paths::CHAT_LINKS, &[uri]))
}

pub fn create_invite_link(uri: &str, link: &CreateInviteLink) -> ApiRequest<InviteLinkCreated> {
    ApiRequest::new(Method::POST, paths::fill(paths::CHAT_LINKS, &[uri])).with_json(link)
}

pub fn revoke_invite_link(uri: &str, link_id: LinkId) -> ApiRequest<Empty> {
    ApiRequest::new(Method::DELETE, paths::fill(paths::CHAT_LINK, &[uri, &link_id.to_string()]))
}

pub fn list_link_uses(uri: &str, link_id: LinkId) -> ApiRequest<InviteLinkUse> {
    ApiRequest::new(Method::GET, paths::fill(paths::CHAT_LINK_MEMBERS, &[uri, &link_id.to_string()]))
}

/// A page of the audit log: the newest entries, or those before an entry.
pub fn get_audit_log(uri: &str, before_id: Option<i64>) -> ApiRequest<AuditLogResponse> {
    let before = before_id.map(|id| format!("?before={id}")).unwrap_or_default();
    ApiRequest::new(Method::GET, format!("{}{before}", paths::fill(paths::CHAT_AUDIT_LOG, &[uri])))
}
