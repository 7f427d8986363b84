//! Messages: what members say.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{event::Event, problem::FieldCode, user::User};

/// The longest message, in characters.
pub const MESSAGE_MAX: usize = 4_000;
/// The longest message, in bytes of UTF-8.
pub const MESSAGE_MAX_BYTES: usize = 16 * 1024;
/// The most messages in one answer, and how many there are when nothing else is asked for.
pub const PAGE_MAX: i64 = 100;

/// The furthest back, in minutes, that what somebody wrote is deleted by one call, and the most of it.
pub const LATELY_MAX: i64 = 24 * 60;
/// See [`LATELY_MAX`].
pub const DELETED_MAX: i64 = 1_000;

/// What a member said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message {
    /// The number by which the message is known for good.
    pub id: i64,
    /// Its place in the chat: the chat's head when it was posted.
    pub seq: i64,
    /// The chat's head when it last changed.
    pub revision: i64,
    /// Chosen by the author's client, unique per chat and author, so that sending again cannot say it twice.
    pub client_id: Uuid,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// Who said it.
    pub user: User,
    /// The text, just as it was written; empty where nothing was said or nothing is left of it.
    pub message: String,
    /// What was done, if this is not something that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
    /// Only that something was said is left; left out when false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

/// `POST /api/chats/<uri>/messages/`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Post {
    /// The text; see [`check_message`].
    pub message: String,
    /// Sent again with the same value and text, the first result is returned. The header `Idempotency-Key` does the
    /// same; without either the server makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Uuid>,
}

/// The answer to [`Post`]: the message as it was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Posted {
    /// Always `SUCCESS`.
    pub status: String,
    /// The address of the chat.
    pub uri: String,
    /// The message, its text in the field `message`.
    #[serde(flatten)]
    pub stored: Message,
}

/// The answer to `GET /api/chats/<uri>/messages/`: a page of messages, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct History {
    /// The chat's number.
    pub id: i64,
    /// The chat's address.
    pub uri: String,
    /// Names the state of the database that `head` counts in.
    pub epoch: Uuid,
    /// The page holds at least up to this number.
    pub head: i64,
    /// Whether there are messages before this page.
    pub earlier: bool,
    /// The messages, oldest first.
    pub messages: Vec<Message>,
}

/// The answer to `DELETE /api/chats/<uri>/messages/?user=<id>&minutes=<n>`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deleted {
    /// How many messages were deleted; if it is [`DELETED_MAX`] there may be more.
    pub count: u32,
}

/// Which page of [`History`] is wanted; without `before` and `after` the newest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct Page {
    /// Only messages whose `seq` is below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    /// Only messages whose `seq` is above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// At most this many, 1 to [`PAGE_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// A message is not blank and has at most [`MESSAGE_MAX`] characters and [`MESSAGE_MAX_BYTES`] bytes. Nothing is trimmed.
pub fn check_message(message: &str) -> Result<(), FieldCode> {
    if message.contains('\0') {
        Err(FieldCode::NullCharacter)
    } else if message.chars().all(is_invisible) {
        Err(FieldCode::Blank)
    } else if message.len() > MESSAGE_MAX_BYTES || message.chars().count() > MESSAGE_MAX {
        Err(FieldCode::TooLong)
    } else {
        Ok(())
    }
}

/// Blanks, and the characters that show nothing by themselves.
pub fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || is_steering(c)
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{2800}' | '\u{3164}' | '\u{115f}' | '\u{1160}' | '\u{ffa0}')
}

/// Characters that turn the direction of what follows: in a name they would turn the words beside it.
pub fn is_steering(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_to_4000_characters_of_which_one_can_be_seen() {
        assert_eq!(check_message("  hello\n"), Ok(()));
        assert_eq!(check_message(&"é".repeat(MESSAGE_MAX)), Ok(()));
        assert_eq!(check_message(&"é".repeat(MESSAGE_MAX + 1)), Err(FieldCode::TooLong));
        assert_eq!(check_message("a\0b"), Err(FieldCode::NullCharacter));
        for blank in ["", " ", "\n\t", "\u{200b}\u{feff}", "\u{a0}", "\u{2800}\u{3164}"] {
            assert_eq!(check_message(blank), Err(FieldCode::Blank), "{blank:?}");
        }
    }

    #[test]
    fn the_text_of_a_stored_message_stands_in_the_field_message() {
        let user = User { id: 1, username: "ada".into(), ..User::default() };
        let stored = Message {
            id: 7,
            seq: 2,
            revision: 2,
            client_id: Uuid::nil(),
            created_at: DateTime::UNIX_EPOCH,
            user,
            message: "tea?".into(),
            event: None,
            deleted: false,
        };
        let posted = Posted { status: "SUCCESS".into(), uri: "tea".into(), stored };
        let json = serde_json::to_value(&posted).unwrap();
        assert_eq!(json["message"], "tea?");
        assert_eq!(json["user"]["username"], "ada");
        assert_eq!(json["created_at"], "1970-01-01T00:00:00Z");
        assert_eq!(serde_json::from_value::<Posted>(json).unwrap(), posted);
    }
}
