//! English sentences for clients that know messages but no events, such as those of the original application. Clients that know
//! events have their own words.

use super::Event;
use crate::{chat::EditWindow, member::Role};

/// The text of a deleted message.
pub const DELETED_MESSAGE: &str = "Message deleted";

impl Event {
    /// What the author did, such as "named the chat Tea": the text of the event message.
    pub fn to_sentence(&self) -> String {
        self.describe_setting().or_else(|| self.describe_member_change()).unwrap_or_else(|| match self {
            Self::UriRotated => "replaced the chat link".to_owned(),
            Self::MessagesDeleted { target, count } => {
                format!("deleted {count} messages from {}", target.name)
            }
            Self::MessageDeleted { target, .. } => format!("deleted a message from {}", target.name),
            Self::MessagePinned { target, .. } => format!("pinned a message from {}", target.name),
            Self::MessageUnpinned { target, .. } => format!("unpinned a message from {}", target.name),
            Self::LinkCreated { label, .. } => format!("created the invite link {label}"),
            Self::LinkRevoked { label, .. } => format!("revoked the invite link {label}"),
            Self::Deleted => "deleted the chat".to_owned(),
            _ => "changed the chat".to_owned(),
        })
    }

    fn describe_setting(&self) -> Option<String> {
        let on_or_off = |is_on: bool| if is_on { "on" } else { "off" };
        Some(match self {
            Self::Named { name } if name.is_empty() => "removed the chat\u{2019}s name".to_owned(),
            Self::Named { name } => format!("named the chat {name}"),
            Self::Topic { topic } if topic.is_empty() => "removed the topic".to_owned(),
            Self::Topic { topic } => format!("set the topic: {topic}"),
            Self::Closed { closed: true } => "closed the chat".to_owned(),
            Self::Closed { closed: false } => "reopened the chat".to_owned(),
            Self::LinkOpen { open: true } => "opened the chat link to new people".to_owned(),
            Self::LinkOpen { open: false } => "closed the chat link to new people".to_owned(),
            Self::Guests { allowed: true } => "allowed guests".to_owned(),
            Self::Guests { allowed: false } => "stopped guests from joining".to_owned(),
            Self::Approval { required } => format!("turned {} approval for new people", on_or_off(*required)),
            Self::SlowMode { seconds: 0 } => "turned off slow mode".to_owned(),
            Self::SlowMode { seconds } => format!("turned on slow mode ({seconds} seconds)"),
            Self::EditWindow { edit_window: EditWindow::Never } => "turned off editing".to_owned(),
            Self::EditWindow { edit_window: EditWindow::FifteenMinutes } => {
                "allowed editing for 15 minutes".to_owned()
            }
            Self::EditWindow { edit_window: EditWindow::Always } => "allowed editing at any time".to_owned(),
            Self::Export { allowed: true } => "let members export the chat".to_owned(),
            Self::Export { allowed: false } => "stopped members from exporting the chat".to_owned(),
            Self::Retention { days: None } => "set messages to be kept forever".to_owned(),
            Self::Retention { days: Some(days) } => format!("set messages to be deleted after {days} days"),
            Self::Expires { at: None } => "set the chat to be kept forever".to_owned(),
            Self::Expires { at: Some(at) } => format!("set the chat to be deleted at {at}"),
            _ => return None,
        })
    }

    fn describe_member_change(&self) -> Option<String> {
        Some(match self {
            Self::Admitted { target } => format!("let {} in", target.name),
            Self::Rejected { target } => format!("declined {}", target.name),
            Self::Removed { target } => format!("removed {}", target.name),
            Self::Banned { target } => format!("banned {}", target.name),
            Self::Unbanned { target } => format!("unbanned {}", target.name),
            Self::Left => "left".to_owned(),
            Self::Role { target, role: Role::Reader } => format!("made {} read-only", target.name),
            Self::Role { target, role: Role::Writer } => format!("allowed {} to write", target.name),
            Self::Role { target, role: Role::Moderator } => format!("made {} a moderator", target.name),
            Self::Role { target, role: Role::Owner } | Self::OwnershipTransferred { target } => {
                format!("made {} the owner", target.name)
            }
            _ => return None,
        })
    }
}
