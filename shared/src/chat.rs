//! Chats: how one is started, joined, and described.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    member::{Member, Role, Standing},
    message::{is_invisible, is_steering},
    problem::FieldCode,
    user::User,
};

/// The length of the addresses that are made now: 22 base62 characters hold 131 bits.
pub const URI_LENGTH: usize = 22;
/// The longest address that is looked up at all; the original's have 15 characters.
pub const URI_MAX: usize = 64;

/// A chat's own settings.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Chat {
    /// The number by which the chat is known for good.
    pub id: i64,
    /// The chat's head when its settings last changed.
    pub revision: i64,
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// What it is called; empty when unset, as all text here.
    #[serde(default)]
    pub name: String,
    /// What it is about.
    #[serde(default)]
    pub topic: String,
    /// Nobody writes any more.
    #[serde(default)]
    pub closed: bool,
    /// The page URL lets people in.
    #[serde(default = "yes")]
    pub link_open: bool,
    /// Guests may come in.
    #[serde(default = "yes")]
    pub guests: bool,
    /// Newcomers knock, and are let in one by one.
    #[serde(default)]
    pub approval: bool,
    /// Seconds between two messages of one writer; 0 for as often as they like.
    #[serde(default)]
    pub slow_seconds: u32,
    /// Messages older than so many days vanish.
    #[serde(default)]
    pub retention_days: Option<u32>,
    /// When the chat ends.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    /// Messages below this place have vanished.
    #[serde(default)]
    pub kept_from: i64,
}

impl Chat {
    /// A chat as it is when it starts.
    pub fn started(id: i64, created_at: DateTime<Utc>) -> Self {
        Self {
            id,
            revision: 1,
            created_at,
            name: String::new(),
            topic: String::new(),
            closed: false,
            link_open: true,
            guests: true,
            approval: false,
            slow_seconds: 0,
            retention_days: None,
            expires_at: None,
            kept_from: 0,
        }
    }
}

fn yes() -> bool {
    true
}

/// `PATCH /api/chats/<uri>/settings/`: what is given is changed, and answered with the [`Chat`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeSettings {
    /// See [`check_name`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// See [`check_topic`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Only by the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<bool>,
    /// Whether the page URL lets people in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_open: Option<bool>,
    /// Only by the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guests: Option<bool>,
    /// Whether newcomers knock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<bool>,
    /// 0 to [`SLOW_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_seconds: Option<u32>,
    /// Only by the owner: 1 to [`RETENTION_MAX`], or 0 to keep everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Only by the owner: seconds from now until the chat ends, at most [`LIFE_MAX`], or 0 for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
}

/// What somebody with an address of the chat may know before they are in it: the answer to `GET /api/chats/<uri>/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preview {
    /// The address that was asked for; the chat's own for whoever is in it.
    pub uri: String,
    /// What the chat is called.
    pub name: String,
    /// What it is about.
    pub topic: String,
    /// How many members it has.
    pub members: u64,
    /// Who has it open now, at most [`PREVIEW_MAX`] of them.
    pub here: Vec<User>,
    /// What this address lets one do in it.
    pub role: Role,
    /// One knocks first.
    pub approval: bool,
    /// Guests may come in.
    pub guests: bool,
    /// Nobody writes any more.
    pub closed: bool,
    /// What the caller is there already; nothing for strangers and whoever is not signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
}

/// How many people [`Preview`] names.
pub const PREVIEW_MAX: usize = 5;
/// The longest name of a chat, in characters.
pub const NAME_MAX: usize = 80;
/// The longest topic, in characters.
pub const TOPIC_MAX: usize = 300;
/// The slowest slow mode, in seconds.
pub const SLOW_MAX: u32 = 6 * 60 * 60;
/// The longest retention, in days.
pub const RETENTION_MAX: u32 = 3_650;
/// The longest life of a chat that ends, in seconds.
pub const LIFE_MAX: u64 = 366 * 24 * 60 * 60;

/// The answer to `POST /api/chats/<uri>/uri/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rotated {
    /// The chat's address from now on.
    pub uri: String,
}

/// The answer to `POST /api/chats/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Join {
    /// The caller's own username.
    pub username: String,
}

/// The answer to [`Join`]: the chat as it is for someone who just came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    /// Who knocks, and who is banned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Member>,
    /// A sentence: "eve joined the chat".
    pub message: String,
    /// Who joined.
    pub user: User,
}

/// A name is one line of at most [`NAME_MAX`] characters, or empty.
pub fn check_name(name: &str) -> Result<(), FieldCode> {
    check_line(name, NAME_MAX)
}

/// A topic is one line of at most [`TOPIC_MAX`] characters, or empty.
pub fn check_topic(topic: &str) -> Result<(), FieldCode> {
    check_line(topic, TOPIC_MAX)
}

pub(crate) fn check_line(line: &str, most: usize) -> Result<(), FieldCode> {
    if line.contains('\0') {
        Err(FieldCode::NullCharacter)
    } else if line.chars().count() > most {
        Err(FieldCode::TooLong)
    } else if line.chars().any(|c| c.is_control() || is_steering(c)) {
        Err(FieldCode::BadName)
    } else if !line.is_empty() && line.chars().all(is_invisible) {
        Err(FieldCode::Blank)
    } else {
        Ok(())
    }
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
