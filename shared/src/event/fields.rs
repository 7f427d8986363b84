//! Deserializes events.

use serde::Deserialize;

use super::{Event, UserRef};
use crate::{
    chat::EditWindow,
    id::{LinkId, Seq},
    member::Role,
    time::{DateTime, Utc},
};

/// The fields of all events. The derived deserializer has code per variant, which makes the client about 3 % larger.
#[derive(Deserialize)]
pub struct EventFields {
    kind: String,
    name: Option<String>,
    topic: Option<String>,
    label: Option<String>,
    closed: Option<bool>,
    open: Option<bool>,
    allowed: Option<bool>,
    required: Option<bool>,
    seconds: Option<u32>,
    edit_window: Option<EditWindow>,
    days: Option<u32>,
    count: Option<u32>,
    at: Option<DateTime<Utc>>,
    target: Option<UserRef>,
    role: Option<Role>,
    seq: Option<Seq>,
    link_id: Option<LinkId>,
}

impl From<EventFields> for Event {
    fn from(fields: EventFields) -> Self {
        fields.event().unwrap_or(Self::Unknown)
    }
}

impl EventFields {
    /// None if a required field is missing or the kind is unknown.
    fn event(self) -> Option<Event> {
        Some(match self.kind.as_str() {
            "named" => Event::Named { name: self.name? },
            "topic" => Event::Topic { topic: self.topic? },
            "closed" => Event::Closed { closed: self.closed? },
            "link_open" => Event::LinkOpen { open: self.open? },
            "uri_rotated" => Event::UriRotated,
            "guests" => Event::Guests { allowed: self.allowed? },
            "approval" => Event::Approval { required: self.required? },
            "slow_mode" => Event::SlowMode { seconds: self.seconds? },
            "edit_window" => Event::EditWindow { edit_window: self.edit_window? },
            "export" => Event::Export { allowed: self.allowed? },
            "retention" => Event::Retention { days: self.days },
            "expires" => Event::Expires { at: self.at },
            "admitted" => Event::Admitted { target: self.target? },
            "rejected" => Event::Rejected { target: self.target? },
            "removed" => Event::Removed { target: self.target? },
            "banned" => Event::Banned { target: self.target? },
            "unbanned" => Event::Unbanned { target: self.target? },
            "left" => Event::Left,
            "role" => Event::Role { target: self.target?, role: self.role? },
            "ownership_transferred" => Event::OwnershipTransferred { target: self.target? },
            "messages_deleted" => Event::MessagesDeleted { target: self.target?, count: self.count? },
            "message_deleted" => Event::MessageDeleted { target: self.target?, seq: self.seq? },
            "message_pinned" => Event::MessagePinned { target: self.target?, seq: self.seq? },
            "message_unpinned" => Event::MessageUnpinned { target: self.target?, seq: self.seq? },
            "link_created" => {
                Event::LinkCreated { link_id: self.link_id?, label: self.label?, role: self.role? }
            }
            "link_revoked" => Event::LinkRevoked { link_id: self.link_id?, label: self.label? },
            "deleted" => Event::Deleted,
            _ => return None,
        })
    }
}
