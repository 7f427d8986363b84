//! Members: users in a chat.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::user::User;

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Reader,
    /// Reads and posts.
    Writer,
    /// Also keeps the chat pleasant.
    Moderator,
    /// Started the chat, and may do everything.
    Owner,
}

/// A user in a chat: the fields of [`User`], and what the chat adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The person.
    #[serde(flatten)]
    pub user: User,
    /// What they may do here.
    pub role: Role,
    /// The chat's head when they joined.
    pub seq: i64,
    /// The chat's head when this membership last changed, the person's name included.
    pub revision: i64,
    /// When they joined.
    pub created_at: DateTime<Utc>,
}
