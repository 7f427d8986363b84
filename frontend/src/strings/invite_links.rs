//! Texts for the chat link and the invite links.

use shared::{
    member::Role,
    time::{DateTime, Utc},
};

use super::{bidi::BidiIsolate, dates::date_and_time};

pub const CHAT_LINK: &str = "Chat link";
pub const CHAT_LINK_OPEN: &str = "Anyone with it can join and write.";
pub const CHAT_LINK_CLOSED: &str = "Closed to new people. Members can still use it.";
pub const CHAT_LINK_STILL_OPEN: &str = "The chat’s own link still lets people write. Close it?";
pub const CLOSE_IT: &str = "Close the chat link";
pub const CLOSE_CHAT_LINK: &str = "Stop new people joining";
pub const OPEN_CHAT_LINK: &str = "Let new people join";
pub const REPLACE_CHAT_LINK: &str = "Replace link";
pub const REPLACE_CHAT_LINK_CONFIRM: &str =
    "Replace the link? The old one stops working for new people. Members stay.";
pub const INVITE_LINKS: &str = "Invite links";
pub const NO_LINKS: &str = "No invite links yet. Create one to let people only read, or for a limited time.";
pub const CREATE_LINK: &str = "Create link";
pub const LABEL: &str = "Label";
pub const LABEL_HINT: &str = "What it’s for. Only you and moderators can see it.";
pub const ROLE: &str = "They can";
pub const EXPIRY: &str = "Expires";
pub const LIMIT: &str = "Limit";
pub const NO_LIMIT: &str = "No limit";
pub const NEW_LINK: &str = "Your new link";
pub const SHOWN_ONCE: &str = "Copy it now: you won’t see it again.";
pub const REVOKE: &str = "Turn off";
pub const REVOKE_CONFIRM: &str = "Turn off this link? People who already joined stay.";
pub const WHO_JOINED: &str = "Who joined";
pub const NOBODY_YET: &str = "Nobody yet.";
pub const REVOKED: &str = "Turned off";
pub const EXPIRED: &str = "Expired";
pub const LIMIT_REACHED: &str = "Limit reached";
pub const UNNAMED_LINK: &str = "Invite link";

pub const fn role_permissions(role: Role) -> &'static str {
    match role {
        Role::Reader => "Read",
        Role::Writer => "Read and write",
        Role::Moderator | Role::Owner => "Moderate",
    }
}

pub const fn role_plural(role: Role) -> &'static str {
    match role {
        Role::Reader => "readers",
        Role::Writer => "writers",
        Role::Moderator | Role::Owner => "moderators",
    }
}

pub fn count_uses(uses: u32, limit: Option<u32>) -> String {
    match (uses, limit) {
        (0, None) => "nobody yet".to_owned(),
        (1, None) => "1 person joined".to_owned(),
        (uses, None) => format!("{uses} people joined"),
        (uses, Some(limit)) => format!("{uses} of {limit} joined"),
    }
}

pub fn created_by(name: &str) -> String {
    format!("created by {}", BidiIsolate(name))
}

pub fn expires_at(at: DateTime<Utc>) -> String {
    format!("until {}", date_and_time(at))
}

/// The choices of [`EXPIRY`].
pub const fn lifetime(seconds: u64) -> &'static str {
    match seconds {
        0 => "Never",
        3_600 => "In 1 hour",
        86_400 => "In 1 day",
        _ => "In 7 days",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_counted_against_limit() {
        assert_eq!(count_uses(0, None), "nobody yet");
        assert_eq!(count_uses(1, None), "1 person joined");
        assert_eq!(count_uses(3, Some(10)), "3 of 10 joined");
    }
}
