//! Chats: how one is started, joined, and described.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{member::Member, user::User};

/// The length of the addresses that are made now: 22 base62 characters hold 131 bits.
pub const URI_LENGTH: usize = 22;
/// The longest address that is looked up at all; the original's have 15 characters.
pub const URI_MAX: usize = 64;

/// A chat's own settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// The number by which the chat is known for good.
    pub id: i64,
    /// The chat's head when its settings last changed.
    pub revision: i64,
    /// When it was started.
    pub created_at: DateTime<Utc>,
}

/// The answer to `POST /api/chats/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// Always `SUCCESS`.
    pub status: String,
    /// The address of the new chat.
    pub uri: String,
    /// A sentence.
    pub message: String,
    /// The chat itself.
    pub chat: Chat,
}

/// `PATCH /api/chats/<uri>/`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Join {
    /// The caller's own username.
    pub username: String,
}

/// The answer to [`Join`]: the chat as it is for someone who just came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// Always `SUCCESS`.
    pub status: String,
    /// The address of the chat.
    pub uri: String,
    /// Names the state of the database that `head` counts in.
    pub epoch: Uuid,
    /// What is said here holds at least up to this number.
    pub head: i64,
    /// The chat's settings.
    pub chat: Chat,
    /// Everyone in the chat, the owner first, then in the order in which they joined.
    pub members: Vec<Member>,
    /// A sentence: "eve joined the chat".
    pub message: String,
    /// Who joined.
    pub user: User,
}

/// Whether `uri` can be the address of a chat at all.
pub fn is_uri(uri: &str) -> bool {
    (1..=URI_MAX).contains(&uri.len()) && uri.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_short_and_alphanumeric() {
        assert!(is_uri("0a1b2c3d4e5f678") && is_uri(&"Z".repeat(URI_LENGTH)) && is_uri(&"Z".repeat(URI_MAX)));
        assert!(
            !is_uri("")
                && !is_uri("a b")
                && !is_uri("é")
                && !is_uri("a\0")
                && !is_uri(&"Z".repeat(URI_MAX + 1))
        );
    }
}
