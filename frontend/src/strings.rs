//! All texts of the interface. A translation replaces these modules by others with the same names.

pub mod account;
mod bidi;
pub mod chat_list;
pub mod dates;
pub mod errors;
pub mod events;
pub mod exports;
pub mod files;
pub mod invite_links;
pub mod moderation;
pub mod onboarding;
pub mod search;
pub mod uploads;

use shared::{
    credentials::PASSWORD_MIN,
    problem::{Problem, ProblemCode},
};

use self::bidi::BidiIsolate;

pub const PRODUCT: &str = "Chatire";

// Used on several screens
pub const CANCEL: &str = "Cancel";
pub const CLOSE: &str = "Close";
pub const DONE: &str = "Done";
pub const LOADING: &str = "Loading…";
pub const ONE_MOMENT: &str = "One moment…";
pub const SAVE: &str = "Save";
pub const SAVED: &str = "Saved";
pub const SETTINGS: &str = "Settings";
pub const YOU: &str = "You";
pub const ALL_CHATS: &str = "All chats";
pub const NEW_CHAT: &str = "New chat";
pub const CHAT_IS_CLOSED: &str = "This chat is closed. You can read it but not write.";

// Signing in
pub const SIGN_UP: &str = "Sign Up";
pub const SIGN_IN: &str = "Sign In";
pub const SIGN_OUT: &str = "Sign out";
pub const SIGN_UP_OR_IN: &str = "Sign up or sign in";
pub const EMAIL: &str = "Email";
pub const EMAIL_HINT: &str = "Optional. Only you can see it.";
pub const USERNAME: &str = "Username";
pub const USERNAME_HINT: &str = "You use it to sign in.";
pub const PASSWORD: &str = "Password";
pub const SHOW: &str = "Show";
pub const HIDE: &str = "Hide";
/// Completes [`SHOW`] and [`HIDE`] for assistive technology.
pub const PASSWORD_SUFFIX: &str = " password";
pub const SIGN_IN_TO_JOIN: &str = "Sign in to join the chat.";
pub const SIGNED_OUT_HERE: &str =
    "You’re signed out here. Your session ends on the server when you’re back online.";
pub const SESSION_EXPIRED: &str = "You’ve been signed out. Sign in to continue.";

pub fn password_hint() -> String {
    format!("At least {PASSWORD_MIN} characters.")
}

// The start page
pub const START_CHATTING: &str = "Start Chatting";
pub const STARTING: &str = "Starting…";
pub const INTRODUCTION: &str = "Start a chat and share the link. Anyone who opens it can join.";

pub fn welcome(name: &str) -> String {
    format!("Welcome {}!", BidiIsolate(name))
}

// The chat
pub const MESSAGES: &str = "Messages";
pub const MESSAGE: &str = "Message";
pub const MESSAGE_PLACEHOLDER: &str = "Message";
pub const MESSAGE_DELETED: &str = "Message deleted";
pub const SEND: &str = "Send";
pub const SENDING: &str = "Sending…";
pub const WAITING_FOR_SLOW_MODE: &str = "Waiting for slow mode";
pub const WAITING_FOR_CONNECTION: &str = "Waiting for connection";
pub const SEARCH: &str = "Search";
pub const SENT: &str = "Sent";
pub const NOT_SENT: &str = "Not sent";
pub const RETRY: &str = "Retry";
pub const DELETE: &str = "Delete";
pub const UNDO: &str = "Undo";
pub const REPLY: &str = "Reply";
pub const CANCEL_REPLY: &str = "Cancel reply";
pub const SHOW_MESSAGE: &str = "Show this message";
pub const MESSAGE_EXPIRED: &str = "This message is gone";
pub const MESSAGE_NOT_FOUND: &str = "This message doesn’t exist anymore.";
pub const PIN: &str = "Pin";
pub const UNPIN: &str = "Unpin";
pub const PINNED: &str = "Pinned";
pub const NOTHING_PINNED: &str = "Nothing pinned yet";
pub const EDIT: &str = "Edit";
pub const EDITED: &str = "edited";
pub const EARLIER_VERSIONS: &str = "Earlier versions";
pub const EDITING_MESSAGE: &str = "Editing message";
pub const FINISH_EDIT_FIRST: &str = "Save or cancel this edit first.";
pub const CANCEL_EDIT: &str = "Cancel editing";
pub const MESSAGE_EDITED: &str = "Message edited";
pub const REACT: &str = "React";
pub const REACTIONS: &str = "Reactions";
pub const MORE_EMOJI: &str = "More emoji";
pub const SEARCH_EMOJI: &str = "Search emoji";
pub const NO_EMOJI_FOUND: &str = "No emoji found.";
pub const RECENT_EMOJI: &str = "Recently used";
pub const COPY_TEXT: &str = "Copy text";
pub const SHOW_MORE: &str = "Show more";
pub const SHOW_LESS: &str = "Show less";
/// What `@here` means.
pub const EVERYONE_HERE: &str = "Everyone in this chat";
pub const SUGGESTIONS: &str = "Suggestions";
pub const OPENING_CHAT: &str = "Opening the chat…";
pub const JUMP_TO_LATEST: &str = "Jump to latest";
pub const HERE_NOW: &str = "Here now";
pub const MORE: &str = "More";
pub const ONLY_YOU: &str = "Only you so far";

pub fn new_messages(count: usize) -> String {
    if count == 1 { "1 new message".to_owned() } else { format!("{count} new messages") }
}

/// No code: the server could not be reached.
pub fn not_deleted(code: Option<ProblemCode>) -> String {
    let reason = code.map_or_else(|| errors::for_request(None), |code| errors::for_code(code).to_owned());
    format!("Not deleted: {reason}")
}

/// `author` is empty if it is not known.
pub fn replying_to(author: &str) -> String {
    if author.is_empty() { "Replying".to_owned() } else { format!("Replying to {}", BidiIsolate(author)) }
}

/// No problem: the server could not be reached.
pub fn not_saved(problem: Option<&Problem>) -> String {
    format!("Not saved: {}", errors::for_request(problem))
}

pub fn author_and_text(name: &str, text: &str) -> String {
    format!("{}: {text}", BidiIsolate(name))
}

/// The title of the browser tab. `page` may be empty.
pub fn title(unread: usize, page: &str) -> String {
    let count = if unread == 0 { String::new() } else { format!("({unread}) ") };
    let separator = if page.is_empty() { "" } else { " – " };
    [&count, page, separator, PRODUCT].concat()
}

/// The title of a chat without a name: its other members.
pub fn chat_title(others: &[String]) -> String {
    chat_title_of(others, others.len())
}

/// As [`chat_title`], when only some of the `count` other members are known by name.
pub fn chat_title_of(others: &[String], count: usize) -> String {
    match others {
        [] => NEW_CHAT.to_owned(),
        [one] if count < 2 => one.clone(),
        [one] => format!("{one} and {} more", count - 1),
        [one, two] if count < 3 => format!("{one} and {two}"),
        [one, two, ..] => format!("{one}, {two} and {} more", count - 2),
    }
}

/// Of a reaction; only some of the `count` users may be known by name.
pub fn reaction(emoji: &str, count: u32, names: &[String]) -> String {
    let total = usize::try_from(count).unwrap_or(usize::MAX);
    let people = if names.is_empty() { count_people(total) } else { chat_title_of(names, total) };
    format!("{emoji} {count}: {people}")
}

/// All these people, and how many more.
pub fn people_list(mut names: Vec<String>, more: usize) -> String {
    if more > 0 {
        names.push(format!("{more} more"));
    }
    match names.split_last() {
        Some((last, first @ [_, ..])) => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

pub fn count_people(count: usize) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

/// Which of the others have the chat open; only some of the `count` may be known by name.
pub fn presence(names: &[String], count: usize) -> String {
    match names {
        _ if count == 0 => String::new(),
        [] if count == 1 => "1 other is here".to_owned(),
        [] => format!("{count} others are here"),
        [one] if count < 2 => format!("{} is here", BidiIsolate(one)),
        [one] => format!("{} and {} more are here", BidiIsolate(one), count - 1),
        [one, two] if count < 3 => format!("{} and {} are here", BidiIsolate(one), BidiIsolate(two)),
        [one, two, ..] => {
            format!("{}, {} and {} more are here", BidiIsolate(one), BidiIsolate(two), count - 2)
        }
    }
}

pub fn typing(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("{} is typing…", BidiIsolate(one)),
        [one, two] => format!("{} and {} are typing…", BidiIsolate(one), BidiIsolate(two)),
        _ => "Several people are typing…".to_owned(),
    }
}

// Sharing
pub const SHARE_TITLE: &str = "Invite people";
pub const CHAT_LINK: &str = "Link to this chat";
pub const COPY_LINK: &str = "Copy link";
pub const COPIED: &str = "Copied";

// The theme
pub const THEME: &str = "Theme";
pub const THEME_SYSTEM: &str = "System";
pub const THEME_LIGHT: &str = "Light";
pub const THEME_DARK: &str = "Dark";

// The connection
pub const POLLING: &str = "Slow connection. New messages may take a few seconds.";
pub const OFFLINE: &str = "You’re offline. Messages will send when you’re back.";

pub fn try_again_in(seconds: u64) -> String {
    format!("Try again in {}.", wait(seconds))
}

fn wait(seconds: u64) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn chat_without_name_is_titled_by_members() {
        assert_eq!(chat_title(&[]), NEW_CHAT);
        assert_eq!(chat_title(&names(&["brian"])), "brian");
        assert_eq!(chat_title(&names(&["brian", "eve"])), "brian and eve");
        assert_eq!(chat_title(&names(&["brian", "eve", "mia", "kim"])), "brian, eve and 2 more");
        assert_eq!(chat_title_of(&names(&["brian", "eve", "mia"]), 58), "brian, eve and 56 more");
        assert_eq!(chat_title_of(&names(&["brian"]), 2), "brian and 1 more");
    }

    #[test]
    fn presence_names_at_most_two_people() {
        assert_eq!((presence(&[], 0), presence(&[], 2)), (String::new(), "2 others are here".to_owned()));
        assert_eq!(presence(&names(&["Tom"]), 1), "Tom is here");
        assert_eq!(presence(&names(&["Tom", "Ana"]), 2), "Tom and Ana are here");
        assert_eq!(presence(&names(&["Tom", "Ana", "Rui"]), 4), "Tom, Ana and 2 more are here");
    }

    #[test]
    fn typing_names_at_most_two_people() {
        assert_eq!(typing(&[]), "");
        assert_eq!(typing(&names(&["Ada"])), "Ada is typing…");
        assert_eq!(typing(&names(&["Ada", "Brian"])), "Ada and Brian are typing…");
        assert_eq!(typing(&names(&["Ada", "Brian", "Eve"])), "Several people are typing…");
    }

    #[test]
    fn counts_use_singular_and_plural() {
        assert_eq!(new_messages(1), "1 new message");
        assert_eq!(new_messages(3), "3 new messages");
        assert_eq!(try_again_in(1), "Try again in 1 second.");
        assert_eq!(try_again_in(300), "Try again in 5 minutes.");
        assert_eq!(title(0, ""), "Chatire");
        assert_eq!(title(3, ""), "(3) Chatire");
        assert_eq!(title(3, "Tea"), "(3) Tea – Chatire");
    }
}
