//! Texts for starting and joining a chat, and for guests.

use shared::{
    chat::{Chat, ChatPreview},
    member::Role,
};

use super::{CHAT_IS_CLOSED, bidi::BidiIsolate};

// The start page
pub const START_TITLE: &str = "Talk with anyone";
pub const NO_ACCOUNT_NEEDED: &str = " No account needed.";
pub const YOUR_NAME: &str = "Your name";
pub const YOUR_NAME_HINT: &str = "You can change it.";
pub const HAVE_AN_ACCOUNT: &str = "I have an account";
/// Visible only while the server does not answer.
pub const WELCOME_BACK: &str = "Welcome back. Waiting for the server…";

// The join page
pub const JOIN: &str = "Join the chat";
pub const ASK_TO_JOIN: &str = "Ask to join";
pub const ASK_AGAIN: &str = "Ask again";
pub const READ_ONLY_LINK: &str = "This link lets you read only.";
pub const APPROVAL_REQUIRED: &str = "Someone in the chat has to let you in.";
pub const ACCOUNT_NEEDED: &str = "You need an account to join this chat.";
pub const WAITING: &str = "Waiting to be let in";
pub const WAITING_TEXT: &str = "You’ll join as soon as someone lets you in. Keep this page open.";
pub const CANCEL_REQUEST: &str = "Cancel request";
pub const REJECTED: &str = "You weren’t let in";

// Guests
pub const CREATE_ACCOUNT: &str = "Create an account";
pub const KEEP_YOUR_CHATS: &str = "Create an account to keep your chats";
pub const CLAIM: &str = "Choose a username and a password. You keep all your chats and messages.";
pub const GUEST_SIGN_IN: &str = "Signing in won’t bring along the chats you joined as a guest.";
pub const NAME_HINT: &str = "Shown to others in your chats.";
pub const ACCOUNT: &str = "Account";
pub const GUEST_TEXT: &str =
    "You’re a guest in this browser. Create an account to use your chats on any device.";
pub const GUEST_SIGN_OUT: &str = "Sign out";
pub const GUEST_SIGN_OUT_CONFIRM: &str = "You’ll lose access to your chats: guests can’t sign back in.";

// Sharing
pub const SHARE: &str = "Share";
pub const SHARE_WITH: &str = "Share…";
pub const QR_CODE: &str = "QR code";
pub const LINK_QR_CODE: &str = "QR code of the link";
pub const MAKE_INVITE_LINK: &str = "Make an invite link";

/// Whom the chat link lets in.
pub fn share_text(chat: &Chat, is_moderator: bool) -> String {
    let account = if chat.guests_allowed { "" } else { " They need an account." };
    let text = match (chat.link_open, chat.approval_required, is_moderator) {
        (false, _, true) => return "New people can’t join with this chat’s link.".to_owned(),
        (false, _, false) => {
            return "New people can’t join with this chat’s link. Ask a moderator for an invite link."
                .to_owned();
        }
        (true, true, true) => "People with this link ask to join; you let them in.",
        (true, true, false) => "People with this link ask to join; a moderator lets them in.",
        (true, false, _) if chat.guests_allowed => "Anyone with this link can join and read the whole chat.",
        (true, false, _) => "People with this link can join and read the whole chat.",
    };
    [text, account].concat()
}

pub fn join_as(name: &str) -> String {
    format!("Join as {}", BidiIsolate(name))
}

/// Empty once the time is over.
pub fn ask_again_in(seconds: u64) -> String {
    if seconds == 0 { String::new() } else { format!("You can try again in {}.", super::wait(seconds)) }
}

/// The title of a chat without a name, for a non-member: the people who have it open.
pub fn chat_with(names: &[String]) -> String {
    match names {
        [] => "You’re invited to a chat".to_owned(),
        [one] => format!("Chat with {}", BidiIsolate(one)),
        [one, two] => format!("Chat with {} and {}", BidiIsolate(one), BidiIsolate(two)),
        [one, two, rest @ ..] => {
            format!("Chat with {}, {} and {} more", BidiIsolate(one), BidiIsolate(two), rest.len())
        }
    }
}

pub fn members_and_presence(members: usize, present: &[String]) -> String {
    let people = super::count_people(members);
    if present.is_empty() {
        people
    } else {
        format!("{people} · {}", super::presence(present, present.len()))
    }
}

/// What a person should know before joining.
pub fn join_notes(preview: &ChatPreview) -> String {
    let approval = preview.approval_required.then_some(APPROVAL_REQUIRED);
    let closed = preview.closed.then_some(CHAT_IS_CLOSED);
    let read_only = (preview.role == Role::Reader && !preview.closed).then_some(READ_ONLY_LINK);
    let notes: Vec<_> = [approval, closed, read_only].into_iter().flatten().collect();
    notes.join(" ")
}

#[cfg(test)]
mod tests {
    use shared::{id::ChatId, time::DateTime};

    use super::*;

    #[test]
    fn chat_without_name_is_titled_by_people_present() {
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(chat_with(&names(&[])), "You’re invited to a chat");
        assert_eq!(chat_with(&names(&["Ada"])), "Chat with Ada");
        assert_eq!(chat_with(&names(&["Ada", "Brian", "Eve", "Mia"])), "Chat with Ada, Brian and 2 more");
        assert_eq!(members_and_presence(3, &names(&["Ada"])), "3 people · Ada is here");
    }

    #[test]
    fn share_text_names_who_can_join() {
        let open = Chat::new(ChatId::new(1), DateTime::UNIX_EPOCH);
        let closed = Chat { link_open: false, approval_required: true, ..open.clone() };
        let members_only = Chat { guests_allowed: false, ..open.clone() };
        let approval = Chat { approval_required: true, ..members_only.clone() };
        assert_eq!(share_text(&open, false), "Anyone with this link can join and read the whole chat.");
        assert_eq!(share_text(&closed, true), "New people can’t join with this chat’s link.");
        assert!(share_text(&closed, false).ends_with("Ask a moderator for an invite link."));
        assert_eq!(
            share_text(&members_only, true),
            "People with this link can join and read the whole chat. They need an account."
        );
        assert_eq!(
            share_text(&approval, true),
            "People with this link ask to join; you let them in. They need an account."
        );
        assert!(share_text(&approval, false).contains("a moderator lets them in"));
    }

    #[test]
    fn join_notes_list_restrictions() {
        let open = ChatPreview {
            uri: "tea".to_owned(),
            name: String::new(),
            topic: String::new(),
            members: 1,
            member_sample: Vec::new(),
            role: Role::Writer,
            approval_required: false,
            guests_allowed: true,
            closed: false,
            status: None,
            retry_after: None,
        };
        assert_eq!(join_notes(&open), "");
        assert_eq!(join_notes(&ChatPreview { role: Role::Reader, ..open.clone() }), READ_ONLY_LINK);
        assert_eq!(
            join_notes(&ChatPreview { closed: true, role: Role::Reader, ..open.clone() }),
            CHAT_IS_CLOSED
        );
        assert_eq!(join_notes(&ChatPreview { approval_required: true, ..open }), APPROVAL_REQUIRED);
    }
}
