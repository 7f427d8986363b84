//! Messages, and the requests that list, post, edit and delete them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    event::{Event, UserRef},
    file::MessageFile,
    id::{ChatId, Head, MessageId, Seq, UserId},
    mentions::Mentions,
    problem::FieldCode,
    text::is_invisible,
    time::{DateTime, Utc},
    user::User,
};

/// The longest message, in characters.
pub const MESSAGE_MAX: usize = 4_000;
/// The longest message, in bytes of UTF-8.
pub const MESSAGE_MAX_BYTES: usize = 16 * 1024;
/// The most messages on one page, and the default.
pub const MESSAGE_PAGE_MAX: i64 = 100;

/// How far back a moderator may delete recent messages of a user, in minutes.
pub const DELETE_RECENT_MINUTES_MAX: i64 = 24 * 60;
/// The most messages that one such request deletes.
pub const DELETE_RECENT_MAX: i64 = 1_000;
/// The most messages that [`DeleteMessages`] names.
pub const DELETE_MESSAGES_MAX: usize = 100;
/// The most former texts in a [`MessageVersionsResponse`].
pub const MESSAGE_VERSIONS_MAX: i64 = 100;
/// The most different emoji that a message has as reactions.
pub const REACTION_KINDS_MAX: usize = 50;
/// The most different emoji with which one user reacts to a message.
pub const REACTIONS_PER_USER_MAX: usize = 10;
/// How many users a [`Reaction`] names.
pub const REACTION_USERS_MAX: usize = 20;
/// How many users [`ReactionUsers`] names.
pub const REACTION_NAMES_MAX: i64 = 100;

/// The most pinned messages of a chat.
pub const PINS_MAX: usize = 50;

/// A message in a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message {
    /// Never changes.
    pub id: MessageId,
    /// The chat's head when the message was posted; orders the messages.
    pub seq: Seq,
    /// The chat's head when the message last changed.
    pub revision: Seq,
    /// Chosen by the author's client, unique per chat and author: posting again does not duplicate the message.
    pub client_id: Uuid,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// The author.
    pub user: User,
    /// The text. For deleted and event messages an English sentence, for clients that know neither `deleted` nor `event`.
    pub message: String,
    /// The `seq` of the message that this one replies to, which may have been deleted since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
    /// Whom the text mentions; left out when empty.
    #[serde(default, skip_serializing_if = "Mentions::is_empty")]
    pub mentions: Mentions,
    /// Its files; left out when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<MessageFile>,
    /// When the author last edited it; left out if they never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<DateTime<Utc>>,
    /// What was done, for event messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
    /// Whether only a placeholder is left; left out when false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// In the order in which the emoji were first used; left out when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
}

impl Message {
    /// The user has another name, and is the author or mentioned.
    pub fn rename(&mut self, user: &User) {
        if self.user.id == user.id {
            self.user.clone_from(user);
        }
        for mentioned in self.mentions.users.iter_mut().filter(|mentioned| mentioned.id == user.id) {
            user.name().clone_into(&mut mentioned.name);
        }
    }

    /// Whether these are its files, in this order.
    pub fn has_files(&self, ids: &[Uuid]) -> bool {
        self.files.iter().map(|file| &file.id).eq(ids)
    }

    /// The size in memory of what may be large: the text, its mentions, the files and the reactions.
    pub fn content_size(&self) -> usize {
        let reactions = self.reactions.iter().map(Reaction::size);
        let files = self.files.iter().map(MessageFile::size_in_memory);
        self.message.len() + self.mentions.size() + files.sum::<usize>() + reactions.sum::<usize>()
    }
}

/// An emoji with which users have reacted to a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reaction {
    /// One emoji, in the form that Unicode calls fully qualified.
    pub emoji: String,
    /// How many users.
    pub count: u32,
    /// The first of them, at most [`REACTION_USERS_MAX`].
    pub users: Vec<UserId>,
}

impl Reaction {
    fn size(&self) -> usize {
        size_of::<Self>() + self.emoji.len() + size_of_val(self.users.as_slice())
    }
}

/// The response of `GET /api/chats/<uri>/messages/<seq>/reactions/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReactionsResponse {
    /// In the order in which the emoji were first used.
    pub reactions: Vec<ReactionUsers>,
}

/// Who reacted with an emoji.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReactionUsers {
    /// The same as [`Reaction::emoji`].
    pub emoji: String,
    /// How many users.
    pub count: u32,
    /// Whether the caller is one of them.
    pub own: bool,
    /// The first of them, at most [`REACTION_NAMES_MAX`].
    pub users: Vec<UserRef>,
}

/// `POST /api/chats/<uri>/messages/`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PostMessage {
    /// See [`check_message`]. With files it may be empty or left out.
    pub message: String,
    /// A repeated request with the same value and content returns the first result. The header `Idempotency-Key` has the
    /// same effect; without either, the server generates one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Uuid>,
    /// The `seq` of a message of this chat to reply to. It may be deleted, but no event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
    /// The ids of its files, at most [`MESSAGE_FILES_MAX`](crate::file::MESSAGE_FILES_MAX): uploaded by the caller to this chat,
    /// and in no message yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 10))]
    pub files: Vec<Uuid>,
}

/// The response of [`PostMessage`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessagePosted {
    /// Always `SUCCESS`.
    pub status: String,
    /// The chat's URI.
    pub uri: String,
    /// The message; its text is in the field `message`.
    #[serde(flatten)]
    pub stored: Message,
}

/// The response of `GET /api/chats/<uri>/messages/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessagePage {
    /// The chat's ID.
    pub id: ChatId,
    /// The chat's URI.
    pub uri: String,
    /// The state of the database that `head` belongs to.
    pub epoch: Uuid,
    /// The page contains all changes up to this head, and may contain later ones.
    pub head: Head,
    /// Whether there are messages before this page.
    pub earlier: bool,
    /// Oldest first.
    pub messages: Vec<Message>,
}

/// `PATCH /api/chats/<uri>/messages/<seq>/`: replaces the text. The response is the [`Message`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EditMessage {
    /// See [`check_message`]. It may be empty if the message has files.
    pub message: String,
    /// A repeated request with the same value and text changes nothing, also if the message was edited again since. The
    /// header `Idempotency-Key` has the same effect; without either, the server generates one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit_id: Option<Uuid>,
}

/// A text that a message has or had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageVersion {
    /// When it was posted, or written by an edit.
    pub created_at: DateTime<Utc>,
    /// The text.
    pub message: String,
    /// Whom it mentions; left out when empty.
    #[serde(default, skip_serializing_if = "Mentions::is_empty")]
    pub mentions: Mentions,
}

/// The response of `GET /api/chats/<uri>/messages/<seq>/versions/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageVersionsResponse {
    /// Oldest first: at most the newest [`MESSAGE_VERSIONS_MAX`] former texts, and the current one.
    pub versions: Vec<MessageVersion>,
}

/// The response of `GET /api/chats/<uri>/pins/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PinsResponse {
    /// The pinned messages, the one that was pinned last first.
    pub messages: Vec<Message>,
}

/// `POST /api/chats/<uri>/deletions/`: deletes messages. The response is [`MessagesDeleted`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeleteMessages {
    /// At most [`DELETE_MESSAGES_MAX`].
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 100))]
    pub seqs: Vec<Seq>,
}

/// The response of `DELETE /api/chats/<uri>/messages/?user=<id>&minutes=<n>` and of [`DeleteMessages`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessagesDeleted {
    /// How many messages were deleted. At [`DELETE_RECENT_MAX`] there may be more recent ones.
    pub count: u32,
}

/// Selects a [`MessagePage`]: the newest one without `before`, `after`, `around` and `since`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct MessagePageQuery {
    /// Only messages with a lower `seq`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Seq>,
    /// Only messages with a higher `seq`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Seq>,
    /// The message with this `seq`, and about as many before it as after it. Not with `before` or `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<Seq>,
    /// Begins with the first message stored at this time or later. Not with any of the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// The most messages, 1 to [`MESSAGE_PAGE_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// Accepts a message with a visible character, of at most [`MESSAGE_MAX`] characters and [`MESSAGE_MAX_BYTES`] bytes.
/// Nothing is trimmed.
pub fn check_message(message: &str) -> Result<(), FieldCode> {
    if message.contains('\0') {
        Err(FieldCode::NullCharacter)
    } else if message.len() > MESSAGE_MAX_BYTES || message.chars().count() > MESSAGE_MAX {
        Err(FieldCode::TooLong)
    } else if message.chars().all(is_invisible) {
        Err(FieldCode::Blank)
    } else {
        Ok(())
    }
}

/// As [`check_message`], for the text of a message that may have files: with files it may be blank.
pub fn check_text_beside_files(message: &str, has_files: bool) -> Result<(), FieldCode> {
    check_message(message)
        .or_else(|code| if has_files && code == FieldCode::Blank { Ok(()) } else { Err(code) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_has_one_visible_to_4000_characters() {
        assert_eq!(check_message("  hello\n"), Ok(()));
        assert_eq!(check_message(&"é".repeat(MESSAGE_MAX)), Ok(()));
        assert_eq!(check_message(&"é".repeat(MESSAGE_MAX + 1)), Err(FieldCode::TooLong));
        assert_eq!(check_message("a\0b"), Err(FieldCode::NullCharacter));
        for blank in ["", " ", "\n\t", "\u{200b}\u{feff}", "\u{a0}", "\u{2800}\u{3164}"] {
            assert_eq!(check_message(blank), Err(FieldCode::Blank), "{blank:?}");
            assert_eq!(check_text_beside_files(blank, true), Ok(()), "{blank:?}");
            assert_eq!(check_text_beside_files(blank, false), Err(FieldCode::Blank), "{blank:?}");
        }
        assert_eq!(check_text_beside_files(&" ".repeat(MESSAGE_MAX + 1), true), Err(FieldCode::TooLong));
    }

    #[test]
    fn posted_message_json_has_its_text_in_message() {
        let user = User { id: UserId::new(1), username: "ada".into(), ..User::default() };
        let stored = Message {
            id: MessageId::new(7),
            seq: Seq::new(2),
            revision: Seq::new(2),
            client_id: Uuid::nil(),
            created_at: DateTime::UNIX_EPOCH,
            user,
            message: "tea?".into(),
            reply_to: None,
            mentions: Mentions::default(),
            files: Vec::new(),
            edited_at: None,
            event: None,
            deleted: false,
            reactions: Vec::new(),
        };
        let posted = MessagePosted { status: "SUCCESS".into(), uri: "tea".into(), stored };
        let json = serde_json::to_value(&posted).unwrap();
        assert_eq!(json["message"], "tea?");
        assert_eq!(json["user"]["username"], "ada");
        assert_eq!(json["created_at"], "1970-01-01T00:00:00Z");
        assert_eq!(serde_json::from_value::<MessagePosted>(json).unwrap(), posted);
    }
}
