//! The words of the ways into a chat.

use chrono::{DateTime, Utc};
use shared::member::Role;

use super::{apart::Apart, keeping::moment};

pub const ADDRESS: &str = "This page’s address";
pub const ADDRESS_OPEN: &str = "Whoever opens it can join as a writer.";
pub const ADDRESS_CLOSED: &str = "It lets nobody new in. Members still come in by it.";
pub const CLOSE_ADDRESS: &str = "Close to newcomers";
pub const OPEN_ADDRESS: &str = "Open to newcomers";
pub const NEW_ADDRESS: &str = "New address";
pub const NEW_ADDRESS_REALLY: &str =
    "Give the chat a new address? The present one lets nobody new in from then on. Members stay.";
pub const FURTHER_LINKS: &str = "Further links";
pub const NO_LINKS: &str = "None yet. Make one to invite people who may only read, or for a limited time.";
pub const MAKE_A_LINK: &str = "Make a link";
pub const LABEL: &str = "Label";
pub const LABEL_HINT: &str = "What it is for. Only you and moderators see it.";
pub const LETS_PEOPLE: &str = "Lets people";
pub const WORKS_FOR: &str = "Works for";
pub const USES: &str = "How many people";
pub const ANY_NUMBER: &str = "Any number";
pub const MADE: &str = "Your new link";
pub const SHOWN_ONCE: &str = "Copy it now: it is shown only this once.";
pub const DONE: &str = "Done";
pub const REVOKE: &str = "Revoke";
pub const REVOKE_REALLY: &str = "Revoke this link? Nobody comes in by it any more. Whoever came by it stays.";
pub const WHO_CAME: &str = "Who came";
pub const NOBODY_CAME: &str = "Nobody yet.";
pub const REVOKED: &str = "Revoked";
pub const EXPIRED: &str = "Expired";
pub const USED_UP: &str = "Used up";
pub const UNNAMED_LINK: &str = "Link";

pub const fn grants(role: Role) -> &'static str {
    match role {
        Role::Reader => "Read",
        Role::Writer => "Read and write",
        Role::Moderator | Role::Owner => "Moderate",
    }
}

pub const fn people_of(role: Role) -> &'static str {
    match role {
        Role::Reader => "readers",
        Role::Writer => "writers",
        Role::Moderator | Role::Owner => "moderators",
    }
}

pub fn used(uses: u32, most: Option<u32>) -> String {
    match (uses, most) {
        (0, None) => "nobody came yet".to_owned(),
        (1, None) => "1 person came".to_owned(),
        (uses, None) => format!("{uses} people came"),
        (uses, Some(most)) => format!("{uses} of {most} came"),
    }
}

pub fn by(name: &str) -> String {
    format!("made by {}", Apart(name))
}

pub fn until(at: DateTime<Utc>) -> String {
    format!("until {}", moment(at))
}

pub const fn works_for(seconds: u64) -> &'static str {
    match seconds {
        0 => "Until it is revoked",
        3_600 => "1 hour",
        86_400 => "1 day",
        _ => "7 days",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_counted_against_their_limit() {
        assert_eq!(used(0, None), "nobody came yet");
        assert_eq!(used(1, None), "1 person came");
        assert_eq!(used(3, Some(10)), "3 of 10 came");
    }
}
