//! Members: users in a chat.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::user::User;

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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

/// Whether somebody is in a chat. Only who is [`Standing::In`] reads and writes; the others are told of so that everyone
/// knows the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A member.
    #[default]
    In,
    /// Waits to be let in.
    Knocking,
    /// Was not let in.
    Refused,
    /// Has left; may come back as they came.
    Left,
    /// Was sent out; may come back as they came.
    Removed,
    /// Was sent out for good: no link lets them in.
    Banned,
}

impl Standing {
    /// The usual one, which is not said.
    pub fn is_in(&self) -> bool {
        *self == Self::In
    }
}

/// A user in a chat: the fields of [`User`], and what the chat adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// The person.
    #[serde(flatten)]
    pub user: User,
    /// What they may do here.
    pub role: Role,
    /// Left out for whoever is in.
    #[serde(default, skip_serializing_if = "Standing::is_in")]
    pub standing: Standing,
    /// The chat's head when they joined.
    pub seq: i64,
    /// The chat's head when this membership last changed, the person's name included.
    pub revision: i64,
    /// When they joined.
    pub created_at: DateTime<Utc>,
}

/// `PUT /api/chats/<uri>/members/<user_id>/`: one of the two.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeMember {
    /// What they may do from now on; only the owner gives roles, and never their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// `in` admits whoever knocks, `refused` does not; `removed` and `banned` send out; `left` lifts a ban.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
}

/// `PUT /api/chats/<uri>/owner/`
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HandOver {
    /// The member who owns the chat from now on; who did before moderates it.
    pub user_id: i64,
}
