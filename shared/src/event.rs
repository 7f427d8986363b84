//! What is done in a chat beside talking. It stands between the messages as a quiet line, and in the audit.

mod fields;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use self::fields::Fields;
use crate::{
    member::{Member, Role},
    user::User,
};

/// What somebody did; who did it is the author of the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case", from = "Fields")]
pub enum Event {
    /// The chat has another name; empty if it has none any more.
    Named {
        /// The name.
        name: String,
    },
    /// The chat has another topic.
    Topic {
        /// The topic.
        topic: String,
    },
    /// The chat was closed for writing, or opened again.
    Closed {
        /// Nobody writes any more.
        closed: bool,
    },
    /// The page URL lets people in, or does not.
    LinkOpen {
        /// It does.
        open: bool,
    },
    /// The chat has another page URL.
    UriRotated,
    /// Guests may come in, or not.
    Guests {
        /// They may.
        welcome: bool,
    },
    /// Newcomers are let in one by one, or not.
    Approval {
        /// They are.
        on: bool,
    },
    /// How often one may write.
    Slow {
        /// Seconds between two messages; 0 for as often as one likes.
        seconds: u32,
    },
    /// How long messages are kept.
    Retention {
        /// Days; nothing for good.
        days: Option<u32>,
    },
    /// When the chat ends.
    Expires {
        /// Nothing: it does not.
        at: Option<DateTime<Utc>>,
    },
    /// Somebody was let in.
    Admitted {
        /// Who.
        who: Person,
    },
    /// Somebody was not let in.
    Refused {
        /// Who.
        who: Person,
    },
    /// Somebody was sent out.
    Removed {
        /// Who.
        who: Person,
    },
    /// Somebody was sent out for good.
    Banned {
        /// Who.
        who: Person,
    },
    /// Somebody may come back.
    Unbanned {
        /// Who.
        who: Person,
    },
    /// The author left.
    Left,
    /// Somebody has another role.
    Role {
        /// Who.
        who: Person,
        /// Which.
        role: Role,
    },
    /// The chat is somebody else's from now on.
    HandedOver {
        /// Whose.
        who: Person,
    },
    /// Several messages of somebody were deleted at once.
    MessagesDeleted {
        /// Whose.
        who: Person,
        /// How many.
        count: u32,
    },
    /// One message was deleted. Only in the audit: in the chat its tombstone says so.
    MessageDeleted {
        /// Whose.
        who: Person,
        /// Its place.
        seq: i64,
    },
    /// A link was made. Only in the audit.
    LinkMade {
        /// Its number.
        link: i64,
        /// Its label.
        label: String,
        /// What it lets people do.
        role: Role,
    },
    /// A link was revoked. Only in the audit.
    LinkRevoked {
        /// Its number.
        link: i64,
        /// Its label.
        label: String,
    },
    /// The chat was deleted. Only in the audit.
    Deleted,
    /// Something that a newer server does.
    Unknown,
}

impl Event {
    /// To whom it was done, if it was done to somebody.
    pub fn who_mut(&mut self) -> Option<&mut Person> {
        match self {
            Self::Admitted { who }
            | Self::Refused { who }
            | Self::Removed { who }
            | Self::Banned { who }
            | Self::Unbanned { who }
            | Self::Role { who, .. }
            | Self::HandedOver { who }
            | Self::MessagesDeleted { who, .. }
            | Self::MessageDeleted { who, .. } => Some(who),
            Self::Named { .. }
            | Self::Topic { .. }
            | Self::Closed { .. }
            | Self::LinkOpen { .. }
            | Self::UriRotated
            | Self::Guests { .. }
            | Self::Approval { .. }
            | Self::Slow { .. }
            | Self::Retention { .. }
            | Self::Expires { .. }
            | Self::Left
            | Self::LinkMade { .. }
            | Self::LinkRevoked { .. }
            | Self::Deleted
            | Self::Unknown => None,
        }
    }
}

/// Somebody to whom something was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Person {
    /// The user's id.
    pub id: i64,
    /// What they are called now.
    #[serde(default)]
    pub name: String,
}

impl From<&User> for Person {
    fn from(user: &User) -> Self {
        Self { id: user.id, name: user.name().to_owned() }
    }
}

impl From<&Member> for Person {
    fn from(member: &Member) -> Self {
        (&member.user).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who() -> Person {
        Person { id: 2, name: "Brian".into() }
    }

    #[test]
    fn every_event_is_read_as_it_was_written() {
        let (role, at, label) = (Role::Reader, Some(DateTime::UNIX_EPOCH), String::from("For all"));
        for event in [
            Event::Named { name: "Tea".into() },
            Event::Topic { topic: String::new() },
            Event::Closed { closed: true },
            Event::LinkOpen { open: false },
            Event::UriRotated,
            Event::Guests { welcome: true },
            Event::Approval { on: true },
            Event::Slow { seconds: 5 },
            Event::Retention { days: None },
            Event::Retention { days: Some(7) },
            Event::Expires { at },
            Event::Expires { at: None },
            Event::Admitted { who: who() },
            Event::Refused { who: who() },
            Event::Removed { who: who() },
            Event::Banned { who: who() },
            Event::Unbanned { who: who() },
            Event::Left,
            Event::Role { who: who(), role },
            Event::HandedOver { who: who() },
            Event::MessagesDeleted { who: who(), count: 3 },
            Event::MessageDeleted { who: who(), seq: 3 },
            Event::LinkMade { link: 1, label: label.clone(), role },
            Event::LinkRevoked { link: 1, label },
            Event::Deleted,
            Event::Unknown,
        ] {
            let json = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event, "{json}");
        }
    }

    #[test]
    fn what_a_newer_server_does_is_still_read() {
        let event: Event = serde_json::from_str(r#"{"kind":"pinned","seq":3}"#).unwrap();
        assert_eq!(event, Event::Unknown);
        let json = serde_json::to_value(Event::Slow { seconds: 5 }).unwrap();
        assert_eq!(json, serde_json::json!({"kind": "slow", "seconds": 5}));
    }
}
