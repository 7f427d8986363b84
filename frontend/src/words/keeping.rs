//! The words of the drawer: people, settings, and what was done.

use chrono::{DateTime, Utc};
use shared::member::{Role, Standing};

use super::apart::Apart;
use crate::{chat::may::Deed, clock};

pub const DRAWER: &str = "About this chat";
pub const CLOSE: &str = "Close";
pub const CANCEL: &str = "Cancel";
pub const SAVE: &str = "Save";
pub const SAVED: &str = "Saved";
pub const PEOPLE: &str = "People";
pub const LINKS: &str = "Links";
pub const SETTINGS: &str = "Settings";
pub const HISTORY: &str = "History";
pub const LOADING: &str = "Loading…";
pub const SHOW_EARLIER: &str = "Show earlier";

// People
pub const WAITING: &str = "Waiting to be let in";
pub const IN_THE_CHAT: &str = "In the chat";
pub const BANNED: &str = "Banned";
pub const GUEST: &str = "Guest";

pub fn actions_for(name: &str) -> String {
    format!("What to do about {}", Apart(name))
}

/// How many knock, in few words.
pub fn knocking(count: usize) -> String {
    if count == 1 {
        "1 person is waiting to be let in".to_owned()
    } else {
        format!("{count} people are waiting to be let in")
    }
}

/// Nothing for the usual one.
pub const fn role(role: Role) -> &'static str {
    match role {
        Role::Reader => "Only reads",
        Role::Writer => "",
        Role::Moderator => "Moderator",
        Role::Owner => "Owner",
    }
}

pub fn deed(deed: Deed) -> String {
    match deed {
        Deed::Admit => "Admit".to_owned(),
        Deed::Refuse => "Refuse".to_owned(),
        Deed::Give(Role::Reader) => "Let only read".to_owned(),
        Deed::Give(Role::Writer) => "Make a writer".to_owned(),
        Deed::Give(Role::Moderator | Role::Owner) => "Make a moderator".to_owned(),
        Deed::Erase(minutes) => format!("Delete messages of the last {minutes} minutes"),
        Deed::Remove => "Remove".to_owned(),
        Deed::Ban => "Ban".to_owned(),
        Deed::Unban => "Unban".to_owned(),
        Deed::HandOver => "Hand the chat over".to_owned(),
    }
}

/// What is asked before a grave deed is done.
pub fn really(deed: Deed, name: &str) -> String {
    let name = Apart(name);
    match deed {
        Deed::Ban => format!("Ban {name}? No link lets them in any more, until you lift the ban."),
        Deed::Erase(minutes) => {
            format!(
                "Delete everything that {name} wrote in the last {minutes} minutes? It cannot be brought back."
            )
        }
        Deed::HandOver => {
            format!("Hand the chat over to {name}? They own it from then on, and you moderate it.")
        }
        Deed::Admit | Deed::Refuse | Deed::Give(_) | Deed::Remove | Deed::Unban => String::new(),
    }
}

// Settings
pub const NAME: &str = "Name";
pub const TOPIC: &str = "Topic";
pub const ABOUT: &str = "Name and topic";
pub const ORDER: &str = "Keeping order";
pub const LIFETIME: &str = "Lifetime";
pub const SLOW: &str = "Slow mode";
pub const SLOW_HINT: &str = "How often each person may write.";
pub const NOT_SLOW: &str = "As often as they like";
pub const APPROVAL: &str = "Newcomers knock";
pub const APPROVAL_HINT: &str = "You let them in one by one.";
pub const GUESTS: &str = "Guests may join";
pub const GUESTS_HINT: &str = "People without an account.";
pub const CLOSED: &str = "Closed";
pub const CLOSED_HINT: &str = "Everyone can read, nobody can write.";
pub const KEEP: &str = "Keep messages";
pub const FOR_GOOD: &str = "For good";
pub const ENDS: &str = "The chat ends";
pub const NEVER: &str = "Never";
pub const OWNER_ONLY: &str = "Only the owner can change this.";
pub const FOR_YOU: &str = "You and this chat";
pub const LEAVE: &str = "Leave the chat";
pub const LEAVE_REALLY: &str = "Leave this chat? You can come back by its link.";
pub const OWNER_STAYS: &str = "To leave, first hand the chat over to somebody under People.";
pub const DELETE_CHAT: &str = "Delete the chat";
pub const DELETE_CHAT_REALLY: &str = "Everything in it is gone for everyone, for good. To confirm, type";
pub const DELETE_CHAT_WORD: &str = "delete";
pub const CONFIRMATION: &str = "Confirmation";

pub fn every(seconds: u32) -> String {
    if seconds == 0 { NOT_SLOW.to_owned() } else { format!("Every {}", span(seconds)) }
}

pub fn kept(days_kept: u32) -> String {
    if days_kept == 0 { FOR_GOOD.to_owned() } else { days(days_kept) }
}

pub fn ends_in(seconds: u64) -> String {
    match seconds {
        0 => NEVER.to_owned(),
        86_400 => "In a day".to_owned(),
        604_800 => "In a week".to_owned(),
        _ => format!("In {} days", seconds / 86_400),
    }
}

pub fn ends_on(at: DateTime<Utc>) -> String {
    format!("On {}", moment(at))
}

pub fn moment(at: DateTime<Utc>) -> String {
    clock::moment(at.timestamp_millis())
}

pub fn days(days: u32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// 30 seconds, 5 minutes, 2 hours.
pub fn span(seconds: u32) -> String {
    let (count, one, many) = match seconds {
        60..3_600 if seconds.is_multiple_of(60) => (seconds / 60, "minute", "minutes"),
        3_600.. if seconds.is_multiple_of(3_600) => (seconds / 3_600, "hour", "hours"),
        _ => (seconds, "second", "seconds"),
    };
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

// History
pub const YOURS: &str = "yours";
pub const NOTHING_DONE: &str = "Nothing has been done here yet.";

// Messages
pub const MESSAGE_DELETED: &str = "Message deleted";
pub const MESSAGE_ACTIONS: &str = "What to do with this message";

pub fn messages(count: u32) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{count} messages") }
}

pub fn tombstones(count: usize) -> String {
    if count == 1 { MESSAGE_DELETED.to_owned() } else { format!("{count} messages deleted") }
}

// The composer
pub const CHAT_IS_CLOSED: &str = "This chat is closed. You can read it, but nobody can write.";
pub const ONLY_READING: &str = "You can read this chat, but not write in it.";

pub fn slow(seconds: u32) -> String {
    format!("Slow mode: one message every {}.", span(seconds))
}

pub fn goes_out_in(seconds: u64) -> String {
    let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
    let rounded = if seconds > 90 { seconds.div_ceil(60) * 60 } else { seconds };
    format!("Your next message goes out by itself in {}.", span(rounded))
}

// Being out
pub const BACK_TO_CHATS: &str = "All chats";
pub const COME_BACK: &str = "Ask to come back";

/// A heading and a sentence for whoever is not in the chat any more.
pub const fn out(standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Banned => ("You were banned from this chat", "No link lets you in any more."),
        Standing::Removed => {
            ("You were removed from this chat", "Somebody who keeps order here sent you out.")
        }
        Standing::Left => ("You left this chat", "Its link lets you in again."),
        Standing::In | Standing::Knocking | Standing::Refused => {
            ("You are not in this chat", "Somebody has to let you in first.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_spoken_as_people_do() {
        assert_eq!((span(1), span(30)), ("1 second".to_owned(), "30 seconds".to_owned()));
        assert_eq!((span(60), span(300)), ("1 minute".to_owned(), "5 minutes".to_owned()));
        assert_eq!((span(3_600), span(90)), ("1 hour".to_owned(), "90 seconds".to_owned()));
    }

    #[test]
    fn a_long_wait_is_told_in_minutes() {
        assert_eq!(goes_out_in(12), "Your next message goes out by itself in 12 seconds.");
        assert_eq!(goes_out_in(299), "Your next message goes out by itself in 5 minutes.");
    }
}
