//! How events are read.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Event, Person};
use crate::member::Role;

/// The fields of all events. The derived reader has code for each kind, which would make the client larger by a thirtieth.
#[derive(Deserialize)]
pub struct Fields {
    kind: String,
    name: Option<String>,
    topic: Option<String>,
    label: Option<String>,
    closed: Option<bool>,
    open: Option<bool>,
    welcome: Option<bool>,
    on: Option<bool>,
    seconds: Option<u32>,
    days: Option<u32>,
    count: Option<u32>,
    at: Option<DateTime<Utc>>,
    who: Option<Person>,
    role: Option<Role>,
    seq: Option<i64>,
    link: Option<i64>,
}

impl From<Fields> for Event {
    fn from(fields: Fields) -> Self {
        fields.event().unwrap_or(Self::Unknown)
    }
}

impl Fields {
    /// Nothing where something is missing.
    fn event(self) -> Option<Event> {
        Some(match self.kind.as_str() {
            "named" => Event::Named { name: self.name? },
            "topic" => Event::Topic { topic: self.topic? },
            "closed" => Event::Closed { closed: self.closed? },
            "link_open" => Event::LinkOpen { open: self.open? },
            "uri_rotated" => Event::UriRotated,
            "guests" => Event::Guests { welcome: self.welcome? },
            "approval" => Event::Approval { on: self.on? },
            "slow" => Event::Slow { seconds: self.seconds? },
            "retention" => Event::Retention { days: self.days },
            "expires" => Event::Expires { at: self.at },
            "admitted" => Event::Admitted { who: self.who? },
            "refused" => Event::Refused { who: self.who? },
            "removed" => Event::Removed { who: self.who? },
            "banned" => Event::Banned { who: self.who? },
            "unbanned" => Event::Unbanned { who: self.who? },
            "left" => Event::Left,
            "role" => Event::Role { who: self.who?, role: self.role? },
            "handed_over" => Event::HandedOver { who: self.who? },
            "messages_deleted" => Event::MessagesDeleted { who: self.who?, count: self.count? },
            "message_deleted" => Event::MessageDeleted { who: self.who?, seq: self.seq? },
            "link_made" => Event::LinkMade { link: self.link?, label: self.label?, role: self.role? },
            "link_revoked" => Event::LinkRevoked { link: self.link?, label: self.label? },
            "deleted" => Event::Deleted,
            _ => return None,
        })
    }
}
