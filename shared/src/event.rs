//! Events: changes to a chat other than messages. They appear between the messages and in the audit log.

mod fields;
pub mod sentence;

use serde::{Deserialize, Serialize};

use self::fields::EventFields;
use crate::{
    chat::EditWindow,
    id::{LinkId, Seq, UserId},
    member::{Member, Role},
    time::{DateTime, Utc},
    user::User,
};

/// What was done. Who did it is the author of the event message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case", from = "EventFields")]
pub enum Event {
    /// The chat was renamed.
    Named {
        /// The new name; empty if it was removed.
        name: String,
    },
    /// The topic was changed.
    Topic {
        /// The new topic.
        topic: String,
    },
    /// Posting was disabled or enabled.
    Closed {
        /// Whether posting is disabled.
        closed: bool,
    },
    /// Joining by the page URL was enabled or disabled.
    LinkOpen {
        /// Whether the page URL admits new members.
        open: bool,
    },
    /// The chat has a new page URL.
    UriRotated,
    /// Joining by guests was allowed or disallowed.
    Guests {
        /// Whether guests may join.
        allowed: bool,
    },
    /// The approval of new members was turned on or off.
    Approval {
        /// Whether joining needs approval.
        required: bool,
    },
    /// Slow mode was changed.
    SlowMode {
        /// The shortest time between two messages of one writer; 0 when slow mode is off.
        seconds: u32,
    },
    /// The time for which messages can be edited was changed.
    EditWindow {
        /// The new time.
        edit_window: EditWindow,
    },
    /// Exports by all members were allowed or disallowed.
    Export {
        /// Whether members other than the owner may export the chat.
        allowed: bool,
    },
    /// The retention was changed.
    Retention {
        /// The age in days at which messages are deleted; left out to keep all.
        days: Option<u32>,
    },
    /// The expiry of the chat was changed.
    Expires {
        /// Left out if the chat does not expire.
        at: Option<DateTime<Utc>>,
    },
    /// A join request was approved.
    Admitted {
        /// The user who asked to join.
        target: UserRef,
    },
    /// A join request was rejected.
    Rejected {
        /// The user who asked to join.
        target: UserRef,
    },
    /// A member was removed.
    Removed {
        /// The removed user.
        target: UserRef,
    },
    /// A user was banned.
    Banned {
        /// The banned user.
        target: UserRef,
    },
    /// A ban was lifted.
    Unbanned {
        /// The user who was banned.
        target: UserRef,
    },
    /// The author left the chat.
    Left,
    /// A member's role was changed.
    Role {
        /// The member.
        target: UserRef,
        /// The new role.
        role: Role,
    },
    /// The chat has a new owner.
    OwnershipTransferred {
        /// The new owner.
        target: UserRef,
    },
    /// Several messages of a user were deleted at once. Recent ones are deleted with an event in the chat; others are only in
    /// the audit log.
    MessagesDeleted {
        /// The author of the messages.
        target: UserRef,
        /// How many messages were deleted.
        count: u32,
    },
    /// One message was deleted. Only in the audit log: in the chat the deleted message itself shows it.
    MessageDeleted {
        /// The author of the message.
        target: UserRef,
        /// The message's `seq`.
        seq: Seq,
    },
    /// A message was pinned.
    MessagePinned {
        /// The author of the message.
        target: UserRef,
        /// The message's `seq`.
        seq: Seq,
    },
    /// A message was unpinned. Only in the audit log.
    MessageUnpinned {
        /// The author of the message.
        target: UserRef,
        /// The message's `seq`.
        seq: Seq,
    },
    /// An invite link was created. Only in the audit log.
    LinkCreated {
        /// The link's ID.
        link_id: LinkId,
        /// The link's label.
        label: String,
        /// The role that the link gives.
        role: Role,
    },
    /// An invite link was revoked. Only in the audit log.
    LinkRevoked {
        /// The link's ID.
        link_id: LinkId,
        /// The link's label.
        label: String,
    },
    /// The chat was deleted. Only in the audit log.
    Deleted,
    /// An event from a newer server.
    Unknown,
}

impl Event {
    /// The user the event is about, other than its author.
    pub fn target_mut(&mut self) -> Option<&mut UserRef> {
        match self {
            Self::Admitted { target: who }
            | Self::Rejected { target: who }
            | Self::Removed { target: who }
            | Self::Banned { target: who }
            | Self::Unbanned { target: who }
            | Self::Role { target: who, .. }
            | Self::OwnershipTransferred { target: who }
            | Self::MessagesDeleted { target: who, .. }
            | Self::MessageDeleted { target: who, .. }
            | Self::MessagePinned { target: who, .. }
            | Self::MessageUnpinned { target: who, .. } => Some(who),
            Self::Named { .. }
            | Self::Topic { .. }
            | Self::Closed { .. }
            | Self::LinkOpen { .. }
            | Self::UriRotated
            | Self::Guests { .. }
            | Self::Approval { .. }
            | Self::SlowMode { .. }
            | Self::EditWindow { .. }
            | Self::Export { .. }
            | Self::Retention { .. }
            | Self::Expires { .. }
            | Self::Left
            | Self::LinkCreated { .. }
            | Self::LinkRevoked { .. }
            | Self::Deleted
            | Self::Unknown => None,
        }
    }
}

/// A reference to a user in an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserRef {
    /// The user's ID.
    pub id: UserId,
    /// The user's current display name.
    #[serde(default)]
    pub name: String,
}

impl From<&User> for UserRef {
    fn from(user: &User) -> Self {
        Self { id: user.id, name: user.name().to_owned() }
    }
}

impl From<&Member> for UserRef {
    fn from(member: &Member) -> Self {
        (&member.user).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brian() -> UserRef {
        UserRef { id: UserId::new(2), name: "Brian".into() }
    }

    #[test]
    fn event_json_round_trips() {
        let (role, at, label) = (Role::Reader, Some(DateTime::UNIX_EPOCH), String::from("For all"));
        for event in [
            Event::Named { name: "Tea".into() },
            Event::Topic { topic: String::new() },
            Event::Closed { closed: true },
            Event::LinkOpen { open: false },
            Event::UriRotated,
            Event::Guests { allowed: true },
            Event::Approval { required: true },
            Event::SlowMode { seconds: 5 },
            Event::EditWindow { edit_window: EditWindow::FifteenMinutes },
            Event::Export { allowed: true },
            Event::Retention { days: None },
            Event::Retention { days: Some(7) },
            Event::Expires { at },
            Event::Expires { at: None },
            Event::Admitted { target: brian() },
            Event::Rejected { target: brian() },
            Event::Removed { target: brian() },
            Event::Banned { target: brian() },
            Event::Unbanned { target: brian() },
            Event::Left,
            Event::Role { target: brian(), role },
            Event::OwnershipTransferred { target: brian() },
            Event::MessagesDeleted { target: brian(), count: 3 },
            Event::MessageDeleted { target: brian(), seq: Seq::new(3) },
            Event::MessagePinned { target: brian(), seq: Seq::new(3) },
            Event::MessageUnpinned { target: brian(), seq: Seq::new(3) },
            Event::LinkCreated { link_id: LinkId::new(1), label: label.clone(), role },
            Event::LinkRevoked { link_id: LinkId::new(1), label },
            Event::Deleted,
            Event::Unknown,
        ] {
            let json = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event, "{json}");
            let is_known = !matches!(event, Event::Unknown);
            assert_eq!(event.to_sentence() != "changed the chat", is_known, "{json} has a sentence");
        }
    }

    #[test]
    fn unknown_event_kind_deserializes() {
        let event: Event = serde_json::from_str(r#"{"kind":"pinned","seq":3}"#).unwrap();
        assert_eq!(event, Event::Unknown);
        let json = serde_json::to_value(Event::SlowMode { seconds: 5 }).unwrap();
        assert_eq!(json, serde_json::json!({"kind": "slow_mode", "seconds": 5}));
    }
}
