//! The caller's list of chats, and read positions.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    chat::Chat,
    id::{Head, Seq, UserId},
    member::Role,
    message::Message,
    user::User,
};

/// One of the caller's chats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChatSummary {
    /// The chat's URI.
    pub uri: String,
    /// The chat and its settings.
    pub chat: Chat,
    /// The summary contains all changes up to this head: follow the chat from here.
    pub head: Head,
    /// The caller's role.
    pub role: Role,
    /// Whether the caller has muted notifications.
    pub muted: bool,
    /// The caller's read position.
    pub read_seq: Seq,
    /// How many messages of others come after `read_seq`, at most [`UNREAD_MAX`].
    pub unread: u32,
    /// How many of these mention the caller, at most [`UNREAD_MAX`].
    #[serde(default)]
    pub unread_mentions: u32,
    /// The newest message that is neither an event nor deleted.
    pub last_message: Option<Message>,
    /// Some of the other members, by the time they joined; used as the title of a chat without a name.
    pub other_members: Vec<User>,
    /// How many members the chat has.
    pub members: u64,
    /// The users who wait to be let in, at most [`JOIN_REQUESTS_MAX`], by the time they asked. Left out if there are
    /// none, and for all but moderators.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub join_requests: Vec<User>,
}

/// Unread messages are counted up to this number.
pub const UNREAD_MAX: u32 = 100;
/// The most users in [`ChatSummary::join_requests`].
pub const JOIN_REQUESTS_MAX: usize = 20;
/// The most chats in a [`ChatListResponse`].
pub const CHAT_LIST_MAX: i64 = 200;

/// The response of `GET /api/chats/`: the caller's chats, those with the latest changes first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChatListResponse {
    /// The state of the database that the heads belong to.
    pub epoch: Uuid,
    /// Changes with what the chats' own changes do not tell: memberships, deleted and muted chats, and read positions. The
    /// welcome frame of a socket has the same version if nothing was missed.
    #[serde(default)]
    pub version: Uuid,
    /// At most [`CHAT_LIST_MAX`].
    pub chats: Vec<ChatSummary>,
    /// Whether the caller has further chats; left out when false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// `PUT /api/chats/<uri>/read_position/`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateReadPosition {
    /// The caller's read position. It never moves back.
    pub seq: Seq,
}

/// The response of `GET /api/chats/<uri>/read_position/`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReadPositionsResponse {
    /// Members who have read anything; at most [`crate::socket::PRESENCE_MAX`], the furthest first.
    pub positions: Vec<MemberReadPosition>,
}

/// A member's read position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberReadPosition {
    /// The member's user ID.
    pub user_id: UserId,
    /// The `seq` of the last message read.
    pub seq: Seq,
}

/// `PUT /api/chats/<uri>/mute/`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateMute {
    /// Whether to mute notifications of the chat.
    pub muted: bool,
}
