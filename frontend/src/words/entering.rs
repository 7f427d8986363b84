//! The words on the way into a chat, and of who one is.

use shared::{chat::Preview, member::Role};

use super::apart::Apart;

// Starting
pub const START: &str = "Talk with anyone";
pub const NO_ACCOUNT: &str = " No account needed.";
pub const YOUR_NAME: &str = "Your name";
pub const YOUR_NAME_HINT: &str = "Keep it, or write your own.";
pub const HAVE_AN_ACCOUNT: &str = "I have an account";
/// Seen only when it takes long.
pub const WELCOME_BACK: &str = "Welcome back. This page goes on as soon as the server answers.";

// Before a chat
pub const JOIN: &str = "Join the chat";
pub const KNOCK: &str = "Knock";
pub const KNOCK_AGAIN: &str = "Knock again";
pub const READER: &str = "With this link you will be able to read, not to write.";
pub const CLOSED: &str = "This chat is closed: it can be read, and nobody writes any more.";
pub const APPROVAL: &str = "Somebody in the chat lets you in.";
pub const NO_GUESTS: &str = "Guests cannot join this chat. With an account you can.";
pub const KNOCKED: &str = "You have knocked";
pub const KNOCKED_TEXT: &str =
    "Somebody in the chat will let you in. This page goes on by itself; keep it open.";
pub const TAKE_BACK: &str = "Take back";
pub const NOT_LET_IN: &str = "You were not let in";
pub const NOT_LET_IN_TEXT: &str = "You may knock again a few minutes after you knocked.";

// Who one is
pub const CREATE_ACCOUNT: &str = "Create an account";
pub const KEEP_YOUR_CHATS: &str = "Keep your chats: create an account";
pub const CLAIM: &str =
    "Choose a username and a password. You stay who you are, and keep every chat and message.";
pub const LEAVES_THE_GUEST: &str = "Sign in to an account you have. What you do as this guest stays behind.";
pub const SETTINGS: &str = "Settings";
pub const SAVE: &str = "Save";
pub const SAVED: &str = "Saved";
pub const NAME_HINT: &str = "What others in a chat see.";
pub const ACCOUNT: &str = "Account";
pub const GUEST_TEXT: &str =
    "You are a guest: only this browser knows you. With an account your chats are yours everywhere.";
pub const FORGET_ME: &str = "Forget me on this browser";
pub const FORGET_ME_TEXT: &str = "A guest who is forgotten cannot come back to their chats.";

pub fn join_as(name: &str) -> String {
    format!("Join as {}", Apart(name))
}

/// Names a chat by who is in it now, to somebody who is not.
pub fn chat_with(names: &[String]) -> String {
    match names {
        [] => "You are invited to a chat".to_owned(),
        [one] => format!("Chat with {}", Apart(one)),
        [one, two] => format!("Chat with {} and {}", Apart(one), Apart(two)),
        [one, two, rest @ ..] => format!("Chat with {}, {} and {} more", Apart(one), Apart(two), rest.len()),
    }
}

pub fn company(members: usize, here: &[String]) -> String {
    let people = super::people(members);
    match here.len() {
        0 => people,
        here => format!("{people} · {}", super::here(here)),
    }
}

/// What is good to know before one comes in.
pub fn notes(preview: &Preview) -> String {
    let closed = preview.closed.then_some(CLOSED);
    let reader = (preview.role == Role::Reader && !preview.closed).then_some(READER);
    let approval = preview.approval.then_some(APPROVAL);
    let notes: Vec<_> = [approval, closed, reader].into_iter().flatten().collect();
    notes.join(" ")
}

// Sharing
pub const SHARE: &str = "Share";
pub const SHARE_BY: &str = "Share…";
pub const QR: &str = "QR code of the link";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_without_a_name_is_named_by_who_is_there() {
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(chat_with(&names(&[])), "You are invited to a chat");
        assert_eq!(chat_with(&names(&["Ada"])), "Chat with Ada");
        assert_eq!(chat_with(&names(&["Ada", "Brian", "Eve", "Mia"])), "Chat with Ada, Brian and 2 more");
        assert_eq!(company(3, &names(&["Ada"])), "3 people · 1 here");
    }

    #[test]
    fn one_is_told_before_what_one_may_not_do() {
        let open = Preview {
            uri: "tea".to_owned(),
            name: String::new(),
            topic: String::new(),
            members: 1,
            here: Vec::new(),
            role: Role::Writer,
            approval: false,
            guests: true,
            closed: false,
            standing: None,
        };
        assert_eq!(notes(&open), "");
        assert_eq!(notes(&Preview { role: Role::Reader, ..open.clone() }), READER);
        assert_eq!(notes(&Preview { closed: true, role: Role::Reader, ..open.clone() }), CLOSED);
        assert_eq!(notes(&Preview { approval: true, ..open }), APPROVAL);
    }
}
