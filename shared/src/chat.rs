//! Chats: their settings, how they are created, joined and previewed.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    id::{ChatId, Head, Seq},
    member::{Member, MembershipStatus, Role},
    problem::FieldCode,
    text::check_single_line,
    time::{DateTime, Utc},
    user::User,
};

/// The length of new URIs: 22 base62 characters hold 131 bits.
pub const URI_LENGTH: usize = 22;
/// The longest URI that is looked up. URIs of the original application have 15 characters.
pub const URI_MAX: usize = 64;

/// For how long authors may edit their messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum EditWindow {
    /// Not at all.
    #[serde(rename = "never")]
    Never,
    /// For 15 minutes after posting.
    #[serde(rename = "15_minutes")]
    FifteenMinutes,
    /// Without a limit.
    #[default]
    #[serde(rename = "always")]
    Always,
}

impl EditWindow {
    /// All values.
    pub const ALL: [Self; 3] = [Self::Never, Self::FifteenMinutes, Self::Always];

    /// The value as it is written in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::FifteenMinutes => "15_minutes",
            Self::Always => "always",
        }
    }

    /// Whether a message of this age, in milliseconds, may be edited.
    pub const fn is_open(self, age: i64) -> bool {
        match self {
            Self::Never => false,
            Self::FifteenMinutes => age < 15 * 60 * 1_000,
            Self::Always => true,
        }
    }
}

/// A chat and its settings.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Chat {
    /// Never changes.
    pub id: ChatId,
    /// The current URI.
    #[serde(default)]
    pub uri: String,
    /// The chat's head when its settings last changed.
    pub revision: Seq,
    /// When the chat was created.
    pub created_at: DateTime<Utc>,
    /// Empty when unset, like all text here.
    #[serde(default)]
    pub name: String,
    /// What the chat is about.
    #[serde(default)]
    pub topic: String,
    /// Whether posting is disabled.
    #[serde(default)]
    pub closed: bool,
    /// Whether the page URL admits new members.
    #[serde(default = "default_true")]
    pub link_open: bool,
    /// Whether guests may join.
    #[serde(default = "default_true")]
    pub guests_allowed: bool,
    /// Whether joining needs approval by a moderator.
    #[serde(default)]
    pub approval_required: bool,
    /// The shortest time between two messages of one writer; 0 when slow mode is off.
    #[serde(default)]
    pub slow_mode_seconds: u32,
    /// For how long authors may edit their messages.
    #[serde(default)]
    pub edit_window: EditWindow,
    /// Whether all members may export the chat, and not only the owner; left out when false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub export_allowed: bool,
    /// The age in days at which messages are deleted.
    #[serde(default)]
    pub retention_days: Option<u32>,
    /// When the chat will be deleted.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    /// Messages below this `seq` were deleted by the retention setting.
    #[serde(default)]
    pub first_retained_seq: Seq,
    /// The `seq` of the pinned messages, in the order in which they were pinned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<Seq>,
}

impl Chat {
    /// A chat with default settings.
    pub fn new(id: ChatId, created_at: DateTime<Utc>) -> Self {
        Self {
            id,
            uri: String::new(),
            revision: Seq::new(1),
            created_at,
            name: String::new(),
            topic: String::new(),
            closed: false,
            link_open: true,
            guests_allowed: true,
            approval_required: false,
            slow_mode_seconds: 0,
            edit_window: EditWindow::default(),
            export_allowed: false,
            retention_days: None,
            expires_at: None,
            first_retained_seq: Seq::default(),
            pins: Vec::new(),
        }
    }
}

fn default_true() -> bool {
    true
}

/// `PATCH /api/chats/<uri>/settings/`: changes the fields that are given. The response is the [`Chat`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateChatSettings {
    /// See [`check_chat_name`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// See [`check_topic`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Owner only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<bool>,
    /// Whether the page URL admits new members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_open: Option<bool>,
    /// Owner only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guests_allowed: Option<bool>,
    /// Whether joining needs approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_required: Option<bool>,
    /// 0 to [`SLOW_MODE_SECONDS_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_mode_seconds: Option<u32>,
    /// Owner only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit_window: Option<EditWindow>,
    /// Owner only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export_allowed: Option<bool>,
    /// Owner only: 1 to [`RETENTION_DAYS_MAX`], or 0 to keep all messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Owner only: seconds until the chat is deleted, at most [`LIFETIME_SECONDS_MAX`], or 0 for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
}

/// The response of `GET /api/chats/<uri>/`: what is visible of a chat before joining it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChatPreview {
    /// The requested URI; for members the chat's own.
    pub uri: String,
    /// The chat's name.
    pub name: String,
    /// The chat's topic.
    pub topic: String,
    /// How many members the chat has.
    pub members: u64,
    /// Members who are present now, at most [`MEMBER_SAMPLE_MAX`].
    pub member_sample: Vec<User>,
    /// The role that joining by this URI gives.
    pub role: Role,
    /// Whether joining needs approval.
    pub approval_required: bool,
    /// Whether guests may join.
    pub guests_allowed: bool,
    /// Whether posting is disabled.
    pub closed: bool,
    /// The caller's membership status; left out for non-members and without authentication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<MembershipStatus>,
    /// Seconds until the caller may ask to join again; left out unless the join request was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

/// The most users in [`ChatPreview::member_sample`].
pub const MEMBER_SAMPLE_MAX: usize = 5;
/// The longest name of a chat, in characters.
pub const CHAT_NAME_MAX: usize = 80;
/// The longest topic, in characters.
pub const TOPIC_MAX: usize = 300;
/// The longest interval of slow mode.
pub const SLOW_MODE_SECONDS_MAX: u32 = 6 * 60 * 60;
/// The longest retention.
pub const RETENTION_DAYS_MAX: u32 = 3_650;
/// The longest lifetime of a chat that expires.
pub const LIFETIME_SECONDS_MAX: u64 = 366 * 24 * 60 * 60;

/// The response of `POST /api/chats/<uri>/uri/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UriRotated {
    /// The chat's new URI.
    pub uri: String,
}

/// The response of `POST /api/chats/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChatCreated {
    /// Always `SUCCESS`.
    pub status: String,
    /// The new chat's URI.
    pub uri: String,
    /// A sentence.
    pub message: String,
    /// The new chat.
    pub chat: Chat,
}

/// `PATCH /api/chats/<uri>/`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JoinChat {
    /// The username of the caller, who is meant if it is left out. Moderators may name another user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// The response of [`JoinChat`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JoinResponse {
    /// Always `SUCCESS`.
    pub status: String,
    /// The chat's URI.
    pub uri: String,
    /// The state of the database that `head` belongs to.
    pub epoch: Uuid,
    /// The response contains all changes up to this head, and may contain later ones.
    pub head: Head,
    /// The chat and its settings.
    pub chat: Chat,
    /// All members: the owner first, then by the time they joined.
    pub members: Vec<Member>,
    /// Users who are pending or banned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_members: Vec<Member>,
    /// A sentence: "eve joined the chat".
    pub message: String,
    /// The user who joined.
    pub user: User,
}

/// Accepts an empty name, or one line of at most [`CHAT_NAME_MAX`] characters.
pub fn check_chat_name(name: &str) -> Result<(), FieldCode> {
    check_single_line(name, CHAT_NAME_MAX)
}

/// Accepts an empty topic, or one line of at most [`TOPIC_MAX`] characters.
pub fn check_topic(topic: &str) -> Result<(), FieldCode> {
    check_single_line(topic, TOPIC_MAX)
}

/// Whether `uri` has the form of a chat's URI.
pub fn is_valid_uri(uri: &str) -> bool {
    (1..=URI_MAX).contains(&uri.len()) && uri.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_window_name_is_its_json() {
        for window in EditWindow::ALL {
            assert_eq!(serde_json::to_value(window).unwrap(), window.name());
            assert_eq!(serde_json::from_value::<EditWindow>(window.name().into()).unwrap(), window);
        }
        let minute = 60_000;
        let is_open = |age: i64| EditWindow::ALL.map(|window| window.is_open(age * minute));
        assert_eq!((is_open(14), is_open(15)), ([false, true, true], [false, false, true]));
    }

    #[test]
    fn uri_is_short_and_alphanumeric() {
        assert!(
            is_valid_uri("0a1b2c3d4e5f678")
                && is_valid_uri(&"Z".repeat(URI_LENGTH))
                && is_valid_uri(&"Z".repeat(URI_MAX))
        );
        assert!(
            !is_valid_uri("")
                && !is_valid_uri("a b")
                && !is_valid_uri("é")
                && !is_valid_uri("a\0")
                && !is_valid_uri(&"Z".repeat(URI_MAX + 1))
        );
    }
}
