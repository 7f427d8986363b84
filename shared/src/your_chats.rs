//! Your chats: what there is to read in them, and how far that was done.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{chat::Chat, member::Role, message::Message, user::User};

/// One of the caller's chats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct YourChat {
    /// Its address.
    pub uri: String,
    /// Its settings.
    pub chat: Chat,
    /// What is said here holds at least up to this number: where to go on listening.
    pub head: i64,
    /// What the caller may do in it.
    pub role: Role,
    /// The caller wants no notice of it.
    pub muted: bool,
    /// Up to which place the caller has read.
    pub read_seq: i64,
    /// How many messages of others come after that, at most [`UNREAD_MAX`].
    pub unread: u32,
    /// The newest message that was said and is left, if there is one.
    pub last: Option<Message>,
    /// What to call a chat without a name: some of the other members, the first who joined first.
    pub others: Vec<User>,
    /// How many members it has.
    pub members: u64,
}

/// More unread messages than this are not counted.
pub const UNREAD_MAX: u32 = 100;
/// How many chats [`YourChats`] holds.
pub const YOUR_CHATS_MAX: i64 = 200;

/// The answer to `GET /api/chats/`: the caller's chats in which something happened last, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct YourChats {
    /// Names the state of the database that the heads count in.
    pub epoch: Uuid,
    /// At most [`YOUR_CHATS_MAX`].
    pub chats: Vec<YourChat>,
}

/// `PUT /api/chats/<uri>/read_position/`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReadPosition {
    /// The place up to which the caller has read. It never goes back.
    pub seq: i64,
}

/// The answer to `GET /api/chats/<uri>/read_position/`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReadPositions {
    /// By the user's id, those who have read anything; at most [`crate::socket::PRESENCE_MAX`], the furthest first.
    pub positions: Vec<Position>,
}

/// Up to where somebody has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Position {
    /// The user's id.
    pub user: i64,
    /// The place.
    pub seq: i64,
}

/// `PUT /api/chats/<uri>/mute/`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mute {
    /// The caller wants no notice of the chat.
    pub muted: bool,
}
