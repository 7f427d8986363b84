//! Every word that is shown. Another language is another file of the same names.

pub mod account;
mod apart;
pub mod chats;
pub mod entering;
pub mod events;
pub mod keeping;
pub mod links;
mod troubles;

use shared::credentials::PASSWORD_MIN;

use self::apart::Apart;

pub use self::troubles::{START_A_NEW_CHAT, TRY_AGAIN, field, problem, refused, trouble};
use crate::live::notice::Notice;

pub const PRODUCT: &str = "Chatire";

// Signing in
pub const SIGN_UP: &str = "Sign Up";
pub const SIGN_IN: &str = "Sign In";
pub const SIGN_OUT: &str = "Sign out";
pub const SIGN_UP_OR_IN: &str = "Sign up or sign in";
pub const EMAIL: &str = "Email";
pub const EMAIL_HINT: &str = "Optional. Only you can see it.";
pub const USERNAME: &str = "Username";
pub const USERNAME_HINT: &str = "The name that you sign in with.";
pub const PASSWORD: &str = "Password";
pub const SHOW: &str = "Show";
pub const HIDE: &str = "Hide";
pub const THE_PASSWORD: &str = " password";
pub const ONE_MOMENT: &str = "One moment…";
pub const OPENED_A_LINK: &str = "Sign in, and you are back at the chat whose link you opened.";
pub const SESSION_OVER: &str = "Your session has ended. Sign in to go on where you were.";

pub fn password_hint() -> String {
    format!("At least {PASSWORD_MIN} characters.")
}

// Starting
pub const START_CHATTING: &str = "Start Chatting";
pub const STARTING: &str = "Starting…";
pub const EXPLANATION: &str =
    "Start a chat and share its link: whoever opens it is in the conversation with you.";

pub fn welcome(name: &str) -> String {
    format!("Welcome {}!", Apart(name))
}

// The chat
pub const HOME: &str = "All chats";
pub const MESSAGES: &str = "Messages";
pub const MESSAGE: &str = "Message";
pub const WRITE: &str = "Write a message";
pub const SEND: &str = "Send";
pub const SENDING: &str = "Sending…";
pub const SENT: &str = "Sent";
pub const NOT_SENT: &str = "Not sent";
pub const RETRY: &str = "Retry";
pub const DELETE: &str = "Delete";
pub const YOU: &str = "You";
pub const TODAY: &str = "Today";
pub const YESTERDAY: &str = "Yesterday";
pub const OPENING: &str = "Opening the chat…";
pub const EARLIER: &str = "Loading earlier messages…";
pub const TO_THE_END: &str = "To the newest message";
pub const HERE_NOW: &str = "Here now";
pub const MORE: &str = "More";
pub const ALONE: &str = "Just you so far";

pub fn new_messages(count: usize) -> String {
    if count == 1 { "1 new message".to_owned() } else { format!("{count} new messages") }
}

pub fn said(name: &str, text: &str) -> String {
    format!("{}: {text}", Apart(name))
}

pub fn title(unread: usize) -> String {
    if unread == 0 { PRODUCT.to_owned() } else { format!("({unread}) {PRODUCT}") }
}

/// Names a chat by the others in it.
pub fn chat_title(others: &[String]) -> String {
    chat_title_of(others, others.len())
}

/// As [`chat_title`], where there may be more others than are known by name.
pub fn chat_title_of(others: &[String], count: usize) -> String {
    match others {
        [] => ALONE.to_owned(),
        [one] if count < 2 => one.clone(),
        [one] => format!("{one} and {} more", count - 1),
        [one, two] if count < 3 => format!("{one} and {two}"),
        [one, two, ..] => format!("{one}, {two} and {} more", count - 2),
    }
}

pub fn people(count: usize) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

pub fn here(count: usize) -> String {
    format!("{count} here")
}

pub fn writing(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("{} is writing…", Apart(one)),
        [one, two] => format!("{} and {} are writing…", Apart(one), Apart(two)),
        _ => "Several people are writing…".to_owned(),
    }
}

// Sharing
pub const SHARE_TITLE: &str = "Share this page’s link";
pub const SHARE_TEXT: &str = "Whoever opens it joins this chat and sees everything said in it.";
pub const SHARE_BRIEFLY: &str = "share the link";
pub const LINK: &str = "Link to this chat";
pub const COPY_LINK: &str = "Copy link";
pub const COPIED: &str = "Copied";

// The look
pub const THEME: &str = "Theme";
pub const THEME_SYSTEM: &str = "System";
pub const THEME_LIGHT: &str = "Light";
pub const THEME_DARK: &str = "Dark";

// Waiting
pub fn notice(notice: Notice) -> &'static str {
    match notice {
        Notice::Polling => "No live connection. New messages are fetched every 3 seconds.",
        Notice::Away => "You are not connected. Messages you write are sent when the connection is back.",
    }
}

pub fn wait(seconds: u64) -> String {
    match seconds {
        1 => "You can go on in 1 second.".to_owned(),
        2..=90 => format!("You can go on in {seconds} seconds."),
        _ => format!("You can go on in {} minutes.", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_is_named_by_the_others_in_it() {
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(chat_title(&names(&[])), ALONE);
        assert_eq!(chat_title(&names(&["brian"])), "brian");
        assert_eq!(chat_title(&names(&["brian", "eve"])), "brian and eve");
        assert_eq!(chat_title(&names(&["brian", "eve", "mia", "kim"])), "brian, eve and 2 more");
        assert_eq!(chat_title_of(&names(&["brian", "eve", "mia"]), 58), "brian, eve and 56 more");
        assert_eq!(chat_title_of(&names(&["brian"]), 2), "brian and 1 more");
    }

    #[test]
    fn two_who_write_are_named_and_more_are_several() {
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(writing(&names(&[])), "");
        assert_eq!(writing(&names(&["Ada"])), "Ada is writing…");
        assert_eq!(writing(&names(&["Ada", "Brian"])), "Ada and Brian are writing…");
        assert_eq!(writing(&names(&["Ada", "Brian", "Eve"])), "Several people are writing…");
    }

    #[test]
    fn numbers_are_spoken_as_people_do() {
        assert_eq!(new_messages(1), "1 new message");
        assert_eq!(new_messages(3), "3 new messages");
        assert_eq!(wait(1), "You can go on in 1 second.");
        assert_eq!(wait(300), "You can go on in 5 minutes.");
        assert_eq!((title(0), title(3)), ("Chatire".to_owned(), "(3) Chatire".to_owned()));
    }
}
