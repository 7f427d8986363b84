//! The frames of the socket at `/api/socket/`, subprotocol [`PROTOCOL`].

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{changes::Changes, member::Standing, problem::Problem};

/// The subprotocol that the server answers with.
pub const PROTOCOL: &str = "chatire.v1";

/// Seconds between two frames that say that one person is writing.
pub const TYPING_EVERY: u64 = 3;
/// Seconds for which one of them holds.
pub const TYPING_FOR: u64 = 6;
/// How many people [`ServerFrame::Presence`] names.
pub const PRESENCE_MAX: usize = 50;
/// How many chats one frame follows.
pub const FOLLOWED_MAX: usize = 200;

/// Why a socket was closed: the WebSocket close codes in use.
pub mod close {
    /// The other side said that it is done.
    pub const NORMAL: u16 = 1000;
    /// The server stops or restarts: come back in a moment.
    pub const RESTARTING: u16 = 1012;
    /// The client broke the protocol.
    pub const MISBEHAVED: u16 = 1008;
    /// A frame was larger than allowed.
    pub const TOO_BIG: u16 = 1009;
    /// The token ran out and no fresh one was sent, or its session was ended.
    pub const TOKEN_ENDED: u16 = 4401;
    /// The account was closed.
    pub const REMOVED: u16 = 4403;
}

/// The answer to `POST /auth/tickets/`: what a browser offers as its second subprotocol.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ticket {
    /// Good for one socket.
    pub ticket: String,
    /// Seconds until it is worthless.
    pub expires_in: u64,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(…)")
    }
}

/// What a client says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Listen to a chat. Answered by `changes`: those after `after` if it is given, else none.
    Subscribe {
        /// The chat.
        uri: String,
        /// The number up to which the client knows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<i64>,
        /// The epoch that the number is from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<Uuid>,
    },
    /// Have the chat open no more. A chat that was followed before it was subscribed to is followed again.
    Unsubscribe {
        /// The chat.
        uri: String,
    },
    /// Say something. Answered by `posted` or `refused` with the same `client_id`.
    Post {
        /// The chat.
        uri: String,
        /// Makes sending again harmless.
        client_id: Uuid,
        /// The text.
        message: String,
    },
    /// This person is writing something. Said again every [`TYPING_EVERY`] seconds while it lasts; saying it more often
    /// changes nothing.
    Typing {
        /// The chat.
        uri: String,
    },
    /// Read up to here.
    Read {
        /// The chat.
        uri: String,
        /// The place of the last message that was seen.
        seq: i64,
    },
    /// Listen to these chats without having them open: no presence, no typing. Each is answered by `changes` if
    /// something happened after `after`. A chat that is subscribed to already stays so.
    Follow {
        /// The epoch that the numbers are from.
        epoch: Uuid,
        /// The chats, at most [`FOLLOWED_MAX`].
        chats: Vec<Followed>,
    },
    /// A fresh access token, before the old one runs out.
    Renew {
        /// The token.
        token: String,
    },
}

/// A chat to be followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    /// The chat.
    pub uri: String,
    /// The number up to which the client knows it.
    pub after: i64,
}

/// What the server says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The first frame.
    Welcome {
        /// Names this socket.
        session: Uuid,
        /// Seconds between the server's pings.
        heartbeat: u64,
    },
    /// Something happened in a chat that is listened to.
    Changes(Changes),
    /// A post is stored.
    Posted {
        /// Of the post.
        client_id: Uuid,
        /// The message's place in its chat.
        seq: i64,
        /// The chat's head when the message last changed.
        revision: i64,
    },
    /// A frame was not carried out.
    Refused {
        /// Of the post, if it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<Uuid>,
        /// The chat, if the frame named one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uri: Option<String>,
        /// Why.
        problem: Problem,
    },
    /// The client fell behind, or its cursor does not fit: it should fetch by the rule of [`crate::timeline`].
    Resync {
        /// The chat.
        uri: String,
    },
    /// Somebody is writing something. Not numbered, and may be lost: it holds for [`TYPING_FOR`] seconds, or until a
    /// message of theirs comes in.
    Typing {
        /// The chat.
        uri: String,
        /// The user's id.
        user: i64,
    },
    /// Who has the chat open now: the whole of it, not what became different. Not numbered, and may be lost; the next one
    /// makes up for it.
    Presence {
        /// The chat.
        uri: String,
        /// How many people.
        count: usize,
        /// The ids of the first [`PRESENCE_MAX`] of them, in the order in which they came.
        here: Vec<i64>,
    },
    /// Somebody has read up to here. Not numbered, and may be lost; said only in chats in which few are present, and to
    /// the reader's other sockets.
    Read {
        /// The chat.
        uri: String,
        /// The user's id.
        user: i64,
        /// The place.
        seq: i64,
    },
    /// The place of this socket's user in a chat has begun, changed or ended. Unless it is `in` now, nothing of the chat
    /// is heard any more. Told also where the chat was not listened to.
    Membership {
        /// The chat.
        uri: String,
        /// What they are in it now.
        standing: Standing,
    },
    /// A chat that is listened to has another address from now on.
    Moved {
        /// The one it had.
        uri: String,
        /// The one it has.
        to: String,
    },
    /// The chat has ended; nothing of it is heard any more.
    Gone {
        /// The chat.
        uri: String,
    },
    /// The server is about to close the socket.
    Goodbye {
        /// A word for the log.
        reason: String,
        /// Seconds after which to come back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
}
