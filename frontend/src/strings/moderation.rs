//! Texts of the sidebar (members, settings, history) and of moderation.

use shared::{
    chat::EditWindow,
    member::{MembershipStatus, Role},
    message::DELETE_MESSAGES_MAX,
    time::{DateTime, Utc},
};

use super::{MESSAGE_DELETED, bidi::BidiIsolate, dates::date_and_time};

pub const SIDEBAR: &str = "About this chat";
pub const PEOPLE: &str = "People";
pub const LINKS: &str = "Links";
pub const HISTORY: &str = "History";
pub const SHOW_EARLIER: &str = "Show earlier";

// Members
pub const WAITING: &str = "Waiting to be let in";
pub const IN_THE_CHAT: &str = "In the chat";
pub const BANNED: &str = "Banned";
pub const GUEST: &str = "Guest";

pub fn actions_for(name: &str) -> String {
    format!("Options for {}", BidiIsolate(name))
}

pub fn count_pending(count: usize) -> String {
    if count == 1 {
        "1 person is waiting to be let in".to_owned()
    } else {
        format!("{count} people are waiting to be let in")
    }
}

/// `name` is the first of the `count` users.
pub fn wants_to_join(name: &str, count: usize) -> String {
    match count {
        1 => format!("{} wants to join", BidiIsolate(name)),
        _ => format!("{} and {} more want to join", BidiIsolate(name), count - 1),
    }
}

pub fn wants_to_join_chat(name: &str, chat: &str) -> String {
    format!("{} wants to join {}", BidiIsolate(name), BidiIsolate(chat))
}

/// Empty for the usual role.
pub const fn role_label(role: Role) -> &'static str {
    match role {
        Role::Reader => "Read-only",
        Role::Writer => "",
        Role::Moderator => "Moderator",
        Role::Owner => "Owner",
    }
}

// Moderation actions
pub const LET_IN: &str = "Let in";
pub const DECLINE: &str = "Decline";
pub const REMOVE: &str = "Remove";
pub const BAN: &str = "Ban";
pub const UNBAN: &str = "Unban";
pub const MAKE_OWNER: &str = "Make owner…";

pub const fn set_role(role: Role) -> &'static str {
    match role {
        Role::Reader => "Make read-only",
        Role::Writer => "Allow writing",
        Role::Moderator | Role::Owner => "Make moderator",
    }
}

pub fn delete_recent(minutes: u32) -> String {
    format!("Delete their messages (last {minutes} minutes)")
}

pub fn ban_confirm(name: &str) -> String {
    format!("Ban {}? They can’t come back with any link until you unban them.", BidiIsolate(name))
}

pub fn delete_recent_confirm(name: &str, minutes: u32) -> String {
    let name = BidiIsolate(name);
    format!("Delete everything {name} wrote in the last {minutes} minutes? This can’t be undone.")
}

pub fn make_owner_confirm(name: &str) -> String {
    format!("Make {} the owner? You become a moderator.", BidiIsolate(name))
}

// Settings
pub const NAME: &str = "Name";
pub const TOPIC: &str = "Topic";
pub const NAME_AND_TOPIC: &str = "Name and topic";
pub const MODERATION: &str = "Moderation";
pub const AUTO_DELETE: &str = "Auto-delete";
pub const SLOW_MODE: &str = "Slow mode";
pub const SLOW_MODE_HINT: &str = "How often each person can write.";
pub const SLOW_MODE_OFF: &str = "Off";
pub const EDIT_WINDOW: &str = "Editing messages";
pub const EDIT_WINDOW_HINT: &str = "People edit only what they wrote. Everyone sees the earlier versions.";
pub const APPROVAL: &str = "Approve new people";
pub const APPROVAL_HINT: &str = "You let each person in.";
pub const GUESTS: &str = "Allow guests";
pub const GUESTS_HINT: &str = "People without an account.";
pub const CLOSED: &str = "Closed";
pub const CLOSED_HINT: &str = "Everyone can read, no one can write.";
pub const EXPORT: &str = "Export";
pub const EXPORT_TEXT: &str = "Download all messages in one file, to read in a browser or to process.";
pub const START_EXPORT: &str = "Export chat";
pub const EXPORT_ALLOWED: &str = "Members can export";
pub const EXPORT_ALLOWED_HINT: &str = "Otherwise only the owner can.";
pub const RETENTION: &str = "Keep messages";
pub const FOREVER: &str = "Forever";
pub const EXPIRY: &str = "Delete the chat";
pub const NEVER: &str = "Never";
pub const OWNER_ONLY: &str = "Only the owner can change this.";
pub const FOR_YOU: &str = "For you";
pub const LEAVE: &str = "Leave chat";
pub const LEAVE_CONFIRM: &str = "Leave this chat? You can rejoin with its link.";
pub const OWNER_LEAVES: &str = "If you leave, the next moderator or member becomes the owner.";
pub const DELETE_CHAT: &str = "Delete chat";
pub const DELETE_CHAT_CONFIRM: &str = "Everything in it is deleted for everyone. To confirm, type";
pub const DELETE_CHAT_WORD: &str = "delete";
pub const CONFIRMATION: &str = "Confirmation";

pub fn slow_mode_interval(seconds: u32) -> String {
    if seconds == 0 { SLOW_MODE_OFF.to_owned() } else { format!("Every {}", duration(seconds)) }
}

/// The choices of [`EDIT_WINDOW`].
pub const fn edit_window(window: EditWindow) -> &'static str {
    match window {
        EditWindow::Never => NEVER,
        EditWindow::FifteenMinutes => "For 15 minutes",
        EditWindow::Always => "At any time",
    }
}

/// The choices of [`RETENTION`]; 0 keeps messages forever.
pub fn retention_days(days: u32) -> String {
    if days == 0 { FOREVER.to_owned() } else { count_days(days) }
}

/// The choices of [`EXPIRY`].
pub fn expires_in(seconds: u64) -> String {
    match seconds {
        0 => NEVER.to_owned(),
        86_400 => "In a day".to_owned(),
        604_800 => "In a week".to_owned(),
        _ => format!("In {} days", seconds / 86_400),
    }
}

pub fn expires_at(at: DateTime<Utc>) -> String {
    format!("On {}", date_and_time(at))
}

pub fn count_days(days: u32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// 30 seconds, 5 minutes, 2 hours.
pub fn duration(seconds: u32) -> String {
    let (count, one, many) = match seconds {
        60..3_600 if seconds.is_multiple_of(60) => (seconds / 60, "minute", "minutes"),
        3_600.. if seconds.is_multiple_of(3_600) => (seconds / 3_600, "hour", "hours"),
        _ => (seconds, "second", "seconds"),
    };
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// As [`duration`], abbreviated: 30 s, 5 min, 2 h.
pub fn short_duration(seconds: u32) -> String {
    match seconds {
        60..3_600 if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        3_600.. if seconds.is_multiple_of(3_600) => format!("{} h", seconds / 3_600),
        _ => format!("{seconds} s"),
    }
}

// History
pub const NO_CHANGES_YET: &str = "No changes yet.";

// Messages
pub const MESSAGE_ACTIONS: &str = "Message options";

pub fn count_messages(count: u32) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{count} messages") }
}

pub fn deleted_messages(count: usize) -> String {
    if count == 1 { MESSAGE_DELETED.to_owned() } else { format!("{count} messages deleted") }
}

// Selecting messages
pub const SELECT: &str = "Select";
pub const SELECTION: &str = "Selected messages";

pub fn selection_is_full() -> String {
    format!("You can select up to {DELETE_MESSAGES_MAX} messages.")
}

pub fn selected_messages(count: usize) -> String {
    if count == 1 { "1 message selected".to_owned() } else { format!("{count} messages selected") }
}

// The composer
pub const READ_ONLY: &str = "You can read this chat but not write.";

pub fn slow_mode(seconds: u32) -> String {
    format!("Slow mode: one message every {}.", duration(seconds))
}

/// How long the next message waits because of slow mode.
pub fn sends_in(seconds: u64) -> String {
    let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
    let rounded = if seconds > 90 { seconds.div_ceil(60).saturating_mul(60) } else { seconds };
    format!("Slow mode: your message sends in {}.", short_duration(rounded))
}

// After leaving
pub const REJOIN: &str = "Join again";

/// Heading and text of the page for a former member.
pub const fn former_member_page(status: MembershipStatus) -> (&'static str, &'static str) {
    match status {
        MembershipStatus::Banned => ("You’re banned from this chat", "You can’t rejoin."),
        MembershipStatus::Removed => ("You were removed from this chat", "A moderator removed you."),
        MembershipStatus::Left => ("You left this chat", "You can rejoin with its link."),
        MembershipStatus::Member | MembershipStatus::Pending | MembershipStatus::Rejected => {
            ("You’re not in this chat", "Someone in the chat has to let you in.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_use_largest_whole_unit() {
        assert_eq!((duration(1), duration(30)), ("1 second".to_owned(), "30 seconds".to_owned()));
        assert_eq!((duration(60), duration(300)), ("1 minute".to_owned(), "5 minutes".to_owned()));
        assert_eq!((duration(3_600), duration(90)), ("1 hour".to_owned(), "90 seconds".to_owned()));
        let short = [30, 90, 300, 7_200].map(short_duration);
        assert_eq!(short, ["30 s", "90 s", "5 min", "2 h"]);
    }

    #[test]
    fn join_requests_name_the_first_user() {
        assert_eq!(wants_to_join("Rui", 1), "Rui wants to join");
        assert_eq!(wants_to_join("Rui", 3), "Rui and 2 more want to join");
    }

    #[test]
    fn long_wait_is_shown_in_minutes() {
        assert_eq!(sends_in(12), "Slow mode: your message sends in 12 s.");
        assert_eq!(sends_in(299), "Slow mode: your message sends in 5 min.");
    }
}
