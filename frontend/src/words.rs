//! Every word that is shown. Another language is another file of the same names.

pub mod chats;
pub mod entering;
pub mod events;
pub mod keeping;
pub mod links;

use shared::{
    member::Standing,
    message::MESSAGE_MAX,
    problem::{FieldCode, ProblemCode},
    user::{DISPLAY_NAME_MAX, PASSWORD_MAX, PASSWORD_MIN, USERNAME_MAX},
};

use crate::{api::Trouble, live::notice::Notice};

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
    format!("Welcome {name}!")
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
    format!("{name}: {text}")
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
        [one] => format!("{one} is writing…"),
        [one, two] => format!("{one} and {two} are writing…"),
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

// What goes wrong
pub const TRY_AGAIN: &str = "Try again";
pub const START_A_NEW_CHAT: &str = "Start a new chat";
pub const NO_PAGE: &str = "There is no page here";
pub const NO_PAGE_TEXT: &str = "The address may be mistyped, or the page has moved.";
pub const NO_CHAT: &str = "This chat does not exist";
pub const NO_CHAT_TEXT: &str = "The link may be incomplete. Ask whoever sent it to send it again.";
pub const ASK_FOR_ANOTHER: &str = "Whoever sent it to you can send you another one.";
pub const UNREACHABLE: &str = "The server cannot be reached";
pub const UNREACHABLE_TEXT: &str = "Check your connection. The chat opens as soon as the server answers.";
pub const TOO_MANY: &str = "That was a little fast";
pub const FAULT: &str = "Something went wrong";
pub const FAULT_TEXT: &str = "It is the server’s fault, not yours. Try again in a moment.";

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

/// A heading and a sentence.
pub fn trouble(trouble: &Trouble) -> (&'static str, &'static str) {
    match trouble.code() {
        None => (UNREACHABLE, UNREACHABLE_TEXT),
        Some(ProblemCode::ChatNotFound) => (NO_CHAT, NO_CHAT_TEXT),
        Some(ProblemCode::ChatEnded) => ("This chat has ended", "Everything that was said in it is gone."),
        Some(ProblemCode::Banned) => keeping::out(Standing::Banned),
        Some(ProblemCode::NotFound) => (NO_PAGE, NO_PAGE_TEXT),
        Some(ProblemCode::LinkRevoked) => ("This link is not valid any more", ASK_FOR_ANOTHER),
        Some(ProblemCode::LinkClosed) => ("This link lets nobody in any more", ASK_FOR_ANOTHER),
        Some(ProblemCode::LinkExpired) => ("This link has expired", ASK_FOR_ANOTHER),
        Some(ProblemCode::LinkUsedUp) => ("This link has been used up", ASK_FOR_ANOTHER),
        Some(ProblemCode::TooManyRequests) => (TOO_MANY, "The server asks for a short pause."),
        Some(ProblemCode::Busy) => ("The server is busy", "Many people are here right now."),
        Some(_) => (FAULT, FAULT_TEXT),
    }
}

/// One sentence, where there is no room for two.
pub fn sentence(trouble: &Trouble) -> &'static str {
    trouble.code().map_or("The server cannot be reached. Check your connection and try again.", problem)
}

pub fn problem(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::WrongCredentials => "This username and password do not fit together.",
        ProblemCode::TooManyRequests => "Too many tries.",
        ProblemCode::Busy => "The server is busy.",
        ProblemCode::ChatNotFound => "You are no longer in this chat.",
        ProblemCode::TooLarge => "This is too long to be sent.",
        ProblemCode::Forbidden | ProblemCode::ForeignOrigin => "This is not allowed here.",
        ProblemCode::AccountNeeded => "This takes an account.",
        ProblemCode::GuestsNotWelcome => "Guests cannot join this chat. Sign in first.",
        ProblemCode::Banned => "You were banned from this chat.",
        ProblemCode::Knocking => "You have to be let in first.",
        ProblemCode::NotLetIn => "You were not let in.",
        ProblemCode::ChatClosed => "This chat is closed for writing.",
        ProblemCode::LinkRevoked => "This link is not valid any more.",
        ProblemCode::LinkClosed => "This chat takes nobody in by its address any more.",
        ProblemCode::LinkExpired => "This link has expired.",
        ProblemCode::LinkUsedUp => "This link has been used as often as it may be.",
        ProblemCode::ChatEnded => "This chat has ended.",
        ProblemCode::OwnerStays => "Hand the chat over to somebody before you leave it.",
        ProblemCode::SlowMode => "This chat is slow. It is sent in a moment.",
        ProblemCode::Conflict => "This cannot be done any more.",
        ProblemCode::NotAuthenticated
        | ProblemCode::BadToken
        | ProblemCode::TokenExpired
        | ProblemCode::TokenRefused
        | ProblemCode::SessionEnded => "Your session has ended.",
        ProblemCode::Malformed
        | ProblemCode::Invalid
        | ProblemCode::NotFound
        | ProblemCode::MethodNotAllowed
        | ProblemCode::BodyTimeout
        | ProblemCode::StartAfresh
        | ProblemCode::UnsupportedMediaType
        | ProblemCode::ClientIdReused
        | ProblemCode::Internal
        | ProblemCode::Unknown => "Something went wrong. Try again.",
    }
}

/// What is wrong with a field, next to it.
pub fn field(name: &str, code: FieldCode) -> String {
    match code {
        FieldCode::Required | FieldCode::Null | FieldCode::Blank => match name {
            "username" => "Enter a username.".to_owned(),
            "password" => "Enter a password.".to_owned(),
            "message" => "There is nothing to send yet.".to_owned(),
            _ => "Fill this in.".to_owned(),
        },
        FieldCode::TooShort => format!("Use at least {PASSWORD_MIN} characters."),
        FieldCode::TooLong => match name {
            "password" => format!("Use at most {PASSWORD_MAX} characters."),
            "username" => format!("Use at most {USERNAME_MAX} characters."),
            "display_name" => format!("Use at most {DISPLAY_NAME_MAX} characters."),
            "message" => format!("This is too long: a message has at most {MESSAGE_MAX} characters."),
            _ => "This is too long.".to_owned(),
        },
        FieldCode::BadUsername => "Use only letters, digits and @ . + - _".to_owned(),
        FieldCode::UsernameTaken => "Somebody has this name. Choose another one.".to_owned(),
        FieldCode::BadEmail => "This is not an e-mail address.".to_owned(),
        FieldCode::CommonPassword => "This password is easily guessed. Choose another one.".to_owned(),
        FieldCode::BadName => "Write it on one line.".to_owned(),
        FieldCode::WrongPassword => "This is not your password.".to_owned(),
        FieldCode::NullCharacter
        | FieldCode::NotText
        | FieldCode::NotNumber
        | FieldCode::NotUuid
        | FieldCode::NotOneOf
        | FieldCode::Unknown => "This cannot be used. Write it differently.".to_owned(),
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

    #[test]
    fn every_field_error_says_what_to_do() {
        assert_eq!(field("username", FieldCode::Blank), "Enter a username.");
        assert!(field("password", FieldCode::TooShort).contains(&PASSWORD_MIN.to_string()));
        assert!(field("message", FieldCode::TooLong).contains(&MESSAGE_MAX.to_string()));
    }
}
