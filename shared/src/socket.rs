//! The frames of the WebSocket at `/api/socket/`, subprotocol [`PROTOCOL`].

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    changes::Changes,
    id::{ChatId, Head, Seq, UserId},
    member::MembershipStatus,
    problem::Problem,
};

/// The subprotocol that the server selects.
pub const PROTOCOL: &str = "chatire.v1";

/// The interval of typing frames while a user is typing.
pub const TYPING_INTERVAL_SECONDS: u64 = 3;
/// How long a typing frame is valid.
pub const TYPING_TTL_SECONDS: u64 = 6;
/// The most users in [`ServerFrame::Presence`].
pub const PRESENCE_MAX: usize = 50;
/// The most chats in one [`ClientFrame::Follow`].
pub const FOLLOW_MAX: usize = 200;

/// The WebSocket close codes in use.
pub mod close {
    /// Normal closure.
    pub const NORMAL: u16 = 1000;
    /// The server stops or restarts: reconnect soon.
    pub const SERVICE_RESTART: u16 = 1012;
    /// The client violated the protocol.
    pub const POLICY_VIOLATION: u16 = 1008;
    /// A frame or message was too large.
    pub const MESSAGE_TOO_BIG: u16 = 1009;
    /// The token expired without a new one, or its session ended.
    pub const TOKEN_EXPIRED: u16 = 4401;
    /// The account was deleted.
    pub const ACCOUNT_DELETED: u16 = 4403;
}

/// The response of `POST /auth/tickets/`: a browser sends the ticket as its second subprotocol.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ticket {
    /// Valid for one connection.
    pub ticket: String,
    /// Seconds until it expires.
    pub expires_in: u64,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(…)")
    }
}

/// A frame from a client.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Opens a chat by `chat_id` or `uri`. Answered by `subscribed` and `changes`: those after `after`, or none without
    /// it.
    Subscribe {
        /// The chat, if its id is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chat_id: Option<ChatId>,
        /// A current or former URI of the chat, used if there is no `chat_id`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uri: Option<String>,
        /// The client's head.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Head>,
        /// The epoch of `after`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<Uuid>,
    },
    /// Closes a chat. If it was followed before, it is followed again.
    Unsubscribe {
        /// The chat.
        chat_id: ChatId,
    },
    /// Posts a message. Answered by `posted` or `refused` with the same `client_id`.
    Post {
        /// The chat.
        chat_id: ChatId,
        /// Makes it safe to retry.
        client_id: Uuid,
        /// The text. With files it may be empty or left out.
        #[serde(default)]
        message: String,
        /// The message to reply to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Seq>,
        /// The ids of its files; see [`PostMessage::files`](crate::message::PostMessage::files).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<Uuid>,
    },
    /// The user is typing. Sent every [`TYPING_INTERVAL_SECONDS`] seconds while that lasts; more often has no effect.
    Typing {
        /// The chat.
        chat_id: ChatId,
    },
    /// Sets the user's read position.
    Read {
        /// The chat.
        chat_id: ChatId,
        /// The `seq` of the last message seen.
        seq: Seq,
    },
    /// Receives changes of chats without opening them: no presence, no typing. Each is answered by `changes` if there
    /// are any after `after`. Open chats stay open.
    Follow {
        /// The epoch of the heads.
        epoch: Uuid,
        /// At most [`FOLLOW_MAX`].
        chats: Vec<FollowedChat>,
    },
    /// Replaces the access token before it expires.
    Renew {
        /// The new token.
        token: String,
    },
}

/// A chat to follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowedChat {
    /// The chat.
    pub chat_id: ChatId,
    /// The client's head.
    pub after: Head,
}

/// A frame from the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The first frame.
    Welcome {
        /// Identifies the connection.
        session: Uuid,
        /// Seconds between the server's pings.
        heartbeat: u64,
        /// The version of [`ChatListResponse`](crate::chat_list::ChatListResponse): if the client has it, the list need not be
        /// fetched again.
        chat_list_version: Uuid,
    },
    /// A chat was opened.
    Subscribed {
        /// Names the chat in all other frames; never changes.
        chat_id: ChatId,
        /// The chat's current URI.
        uri: String,
    },
    /// Changes of a subscribed chat.
    Changes(Changes),
    /// A posted message is stored.
    Posted {
        /// That of the post.
        client_id: Uuid,
        /// The message's `seq`.
        seq: Seq,
        /// The message's revision.
        revision: Seq,
    },
    /// A frame was rejected.
    Refused {
        /// That of the post, if it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<Uuid>,
        /// The chat, if the frame named one by id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chat_id: Option<ChatId>,
        /// The URI of a `subscribe` that named the chat by it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uri: Option<String>,
        /// The reason.
        problem: Problem,
    },
    /// The client is behind, or its cursor is invalid: it should fetch changes (see [`crate::sync`]).
    Resync {
        /// The chat.
        chat_id: ChatId,
    },
    /// A user is typing, for [`TYPING_TTL_SECONDS`] seconds or until the user's next message. Unordered, and may be
    /// lost.
    Typing {
        /// The chat.
        chat_id: ChatId,
        /// The user.
        user_id: UserId,
    },
    /// Everyone who has the chat open. Unordered, and may be lost; the next one replaces it.
    Presence {
        /// The chat.
        chat_id: ChatId,
        /// How many users are present.
        count: usize,
        /// The first [`PRESENCE_MAX`] of them, by the time they opened the chat.
        users: Vec<UserId>,
    },
    /// A member's read position. Unordered, and may be lost. Sent only in chats with few users present, and to the
    /// member's own other connections.
    Read {
        /// The chat.
        chat_id: ChatId,
        /// The member.
        user_id: UserId,
        /// The read position.
        seq: Seq,
    },
    /// The user's membership status in a chat changed. Unless it is `member`, no more frames of the chat follow. Sent
    /// also for chats without a subscription.
    Membership {
        /// The chat.
        chat_id: ChatId,
        /// The new status.
        status: MembershipStatus,
    },
    /// The chat was deleted; no more frames of it follow.
    Gone {
        /// The chat.
        chat_id: ChatId,
    },
    /// The server is about to close the connection.
    Goodbye {
        /// For logs.
        reason: String,
        /// Seconds after which to reconnect.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
}
