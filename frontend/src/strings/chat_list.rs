//! Texts of the chat list, the unread marks and the read receipts.

use super::bidi::BidiIsolate;

pub const YOUR_CHATS: &str = "Your chats";
pub const NEW_CHAT: &str = super::NEW_CHAT;
pub const FIND_CHAT: &str = "Search";
pub const FIND_CHAT_KEYS: &str = "Ctrl K";
pub const FIND_CHAT_KEYS_ON_MAC: &str = "⌘ K";
pub const NO_CHATS_FOUND: &str = "No chats found.";
pub const NO_CHATS_YET: &str = "Chats you start or join appear here.";
/// Before the beginning of the draft.
pub const DRAFT: &str = "Draft: ";
pub const NO_MESSAGES_YET: &str = "No messages yet";
pub const MUTED: &str = "Muted";
pub const MUTE: &str = "Mute this chat";
pub const MUTE_HINT: &str = "No sound or unread count for this chat.";
pub const NEW_MESSAGES: &str = "New messages";
pub const JUMP_TO_FIRST_UNREAD: &str = "Jump to first unread";
/// Completes the number in a badge for assistive technology.
pub const UNREAD_SUFFIX: &str = " unread";

/// The same for mentions of the user.
pub const MENTIONS_SUFFIX: &str = " mentions of you, ";

/// The number in a badge, at most two digits.
pub fn unread_badge(unread: u32) -> String {
    if unread > 99 { "99+".to_owned() } else { unread.to_string() }
}

pub fn mentions_badge(unread: u32) -> String {
    format!("@{}", unread_badge(unread))
}

pub fn seen_by(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("Seen by {}", BidiIsolate(one)),
        [one, two] => format!("Seen by {} and {}", BidiIsolate(one), BidiIsolate(two)),
        [one, two, rest @ ..] => {
            format!("Seen by {}, {} and {} more", BidiIsolate(one), BidiIsolate(two), rest.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unread_badge_has_at_most_two_digits() {
        let badges = (unread_badge(3), unread_badge(99), unread_badge(100));
        assert_eq!(mentions_badge(2), "@2");
        assert_eq!(badges, ("3".to_owned(), "99".to_owned(), "99+".to_owned()));
    }

    #[test]
    fn seen_by_names_at_most_two_people() {
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(seen_by(&names(&[])), "");
        assert_eq!(seen_by(&names(&["ada"])), "Seen by ada");
        assert_eq!(seen_by(&names(&["ada", "brian", "eve"])), "Seen by ada, brian and 1 more");
    }
}
