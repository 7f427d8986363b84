//! The words of one's chats.

use super::apart::Apart;

pub const YOUR_CHATS: &str = "Your chats";
pub const NEW_CHAT: &str = "New chat";
pub const FIND_CHAT: &str = "Find a chat";
pub const FIND_CHAT_KEYS: &str = "Ctrl K";
pub const FIND_CHAT_KEYS_ON_MAC: &str = "⌘ K";
pub const NO_SUCH_CHAT: &str = "No chat of yours is called that.";
pub const NO_CHATS_YET: &str = "The chats you start and join are listed here.";
pub const NOTHING_SAID: &str = "Nothing said yet";
pub const MESSAGE_DELETED: &str = "Message deleted";
pub const MUTED: &str = "Muted";
pub const MUTE: &str = "Mute this chat";
pub const MUTE_HINT: &str = "It stays quiet, and out of the count in the tab’s title.";
pub const NEW_MESSAGES: &str = "New messages";
pub const TO_THE_UNREAD: &str = "Go up to the first new message";
pub const UNREAD: &str = " unread";

/// What stands in a badge.
pub fn count(unread: u32) -> String {
    if unread > 99 { "99+".to_owned() } else { unread.to_string() }
}

pub fn seen_by(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("Seen by {}", Apart(one)),
        [one, two] => format!("Seen by {} and {}", Apart(one), Apart(two)),
        [one, two, rest @ ..] => format!("Seen by {}, {} and {} more", Apart(one), Apart(two), rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_has_room_for_two_digits() {
        assert_eq!((count(3), count(99), count(100)), ("3".to_owned(), "99".to_owned(), "99+".to_owned()));
    }

    #[test]
    fn two_who_have_seen_it_are_named() {
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(seen_by(&names(&[])), "");
        assert_eq!(seen_by(&names(&["ada"])), "Seen by ada");
        assert_eq!(seen_by(&names(&["ada", "brian", "eve"])), "Seen by ada, brian and 1 more");
    }
}
