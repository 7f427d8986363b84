//! Texts for errors: of a page, of a request, of a field.

use shared::{
    credentials::{PASSWORD_MAX, PASSWORD_MIN},
    invite_link::INVITE_LINK_USES_MAX,
    member::MembershipStatus,
    message::MESSAGE_MAX,
    problem::{FieldCode, Problem, ProblemCode},
    user::{DISPLAY_NAME_MAX, USERNAME_MAX},
};

use super::{CHAT_IS_CLOSED, moderation};

pub const TRY_AGAIN: &str = "Try again";
pub const PART_NOT_LOADED: &str = "This part couldn’t be loaded. Check your connection.";
pub const START_A_NEW_CHAT: &str = "Start a new chat";

const ASK_FOR_NEW_LINK: &str = "Ask the person who sent it for a new one.";
const NOT_A_PICTURE: &str = "Choose a picture: PNG, JPEG, GIF or WebP.";

/// Heading and text of an error page. No code: the server could not be reached.
pub fn for_page(code: Option<ProblemCode>) -> (&'static str, &'static str) {
    match code {
        None => {
            ("Can’t reach the server", "Check your connection. The chat opens as soon as the server answers.")
        }
        Some(ProblemCode::ChatNotFound) => {
            ("Chat not found", "The link may be incomplete. Ask the person who sent it for a new one.")
        }
        Some(ProblemCode::ChatDeleted) => ("This chat was deleted", "All its messages are gone."),
        Some(ProblemCode::Banned) => moderation::former_member_page(MembershipStatus::Banned),
        Some(ProblemCode::NotFound) => ("Page not found", "Check the address."),
        Some(ProblemCode::LinkRevoked) => ("This link no longer works", ASK_FOR_NEW_LINK),
        Some(ProblemCode::LinkClosed) => ("This link is closed", ASK_FOR_NEW_LINK),
        Some(ProblemCode::LinkExpired) => ("This link has expired", ASK_FOR_NEW_LINK),
        Some(ProblemCode::LinkUseLimitReached) => ("This link has reached its limit", ASK_FOR_NEW_LINK),
        Some(ProblemCode::TooManyRequests) => ("Too many tries", "Wait a moment before trying again."),
        Some(ProblemCode::Busy) => ("The server is busy", "Wait a moment before trying again."),
        Some(_) => ("Something went wrong", "It’s not you. Try again in a moment."),
    }
}

/// The error text beside a button. No problem: the server could not be reached.
pub fn for_request(problem: Option<&Problem>) -> String {
    let Some(problem) = problem else {
        return "Can’t reach the server. Check your connection and try again.".to_owned();
    };
    match problem.errors.first() {
        Some(error) => for_field(&error.field, error.code),
        None => for_code(problem.code).to_owned(),
    }
}

/// One sentence for a problem.
pub fn for_code(code: ProblemCode) -> &'static str {
    for_chat(code).or_else(|| for_account(code)).unwrap_or(match code {
        ProblemCode::TooManyRequests => "Too many tries.",
        ProblemCode::Busy => "The server is busy. Try again in a moment.",
        ProblemCode::TooLarge => "This is too large to send.",
        // Only pictures are sent as files.
        ProblemCode::UnsupportedMediaType => NOT_A_PICTURE,
        ProblemCode::Forbidden | ProblemCode::CrossOriginForbidden => "You’re not allowed to do this.",
        ProblemCode::PinLimitReached => "There are 50 pinned messages. Unpin one first.",
        ProblemCode::ChatLimitReached => "Too many chats for one owner. Delete one or hand one over first.",
        ProblemCode::Conflict => "Something has changed. Reload the page and try again.",
        _ => "Something went wrong. Try again.",
    })
}

fn for_chat(code: ProblemCode) -> Option<&'static str> {
    Some(match code {
        ProblemCode::ChatNotFound => "You’re no longer in this chat.",
        ProblemCode::GuestsNotAllowed => "You need an account to join this chat.",
        ProblemCode::Banned => "You’re banned from this chat.",
        ProblemCode::JoinPending => "Someone in the chat has to let you in first.",
        ProblemCode::JoinRejected => "You weren’t let in.",
        ProblemCode::ChatClosed => CHAT_IS_CLOSED,
        ProblemCode::LinkRevoked => "This link no longer works.",
        ProblemCode::LinkClosed => "This link is closed to new people.",
        ProblemCode::LinkExpired => "This link has expired.",
        ProblemCode::LinkUseLimitReached => "This link has reached its limit.",
        ProblemCode::ChatDeleted => "This chat was deleted.",
        ProblemCode::MessageDeleted => "This message was deleted.",
        ProblemCode::FileNotFound => "A file of this message is gone. Attach it again.",
        ProblemCode::StorageLimitReached => "There’s no space left for files.",
        ProblemCode::StorageUnavailable => "Files can’t be stored right now.",
        ProblemCode::ReplyTargetNotFound => "The message you replied to doesn’t exist.",
        ProblemCode::ReactionKindsLimitReached => "This message has 50 different reactions. Use one of them.",
        ProblemCode::ReactionLimitReached => "You can use up to 10 different emoji on a message.",
        ProblemCode::EditWindowClosed => "It’s too late to edit this message.",
        ProblemCode::OwnerCannotLeave => "Nobody else is here. Delete the chat instead.",
        ProblemCode::SlowMode => "Slow mode: your message sends in a moment.",
        _ => return None,
    })
}

fn for_account(code: ProblemCode) -> Option<&'static str> {
    Some(match code {
        ProblemCode::WrongCredentials => "Wrong username or password.",
        ProblemCode::AccountRequired => "You need an account to do this.",
        ProblemCode::ReauthenticationRequired => "Confirm it’s you first.",
        ProblemCode::SecondFactorRequired => "Enter the code from your app.",
        ProblemCode::PasskeyRejected => "This server doesn’t know this passkey.",
        ProblemCode::PasskeysUnavailable => {
            "Passkeys don’t work at this address. Open the server by its name, over https."
        }
        ProblemCode::ResetTokenInvalid => "This link was already used or is too old. Ask for a new email.",
        ProblemCode::EmailUnavailable => "This server can’t send email. Ask its admin for a reset link.",
        ProblemCode::NotAuthenticated
        | ProblemCode::InvalidToken
        | ProblemCode::TokenExpired
        | ProblemCode::TokenRejected
        | ProblemCode::SessionEnded => "You’ve been signed out. Sign in again.",
        _ => return None,
    })
}

/// The error text beside a field.
pub fn for_field(name: &str, code: FieldCode) -> String {
    let text = match code {
        FieldCode::Required | FieldCode::Null | FieldCode::Blank => missing(name),
        FieldCode::TooLong => return too_long(name),
        FieldCode::TooShort => return format!("Use at least {PASSWORD_MIN} characters."),
        FieldCode::NotNumber if name == "max_uses" => {
            return format!("Enter a whole number from 1 to {}.", with_thousands(INVITE_LINK_USES_MAX));
        }
        FieldCode::NotNumber => "Enter a valid number.",
        FieldCode::InvalidUsername => "Use only letters, digits and @ . + - _",
        FieldCode::UsernameTaken => "That username is taken.",
        FieldCode::InvalidEmail => "Enter a valid email address.",
        FieldCode::CommonPassword => "This password is easy to guess. Choose another one.",
        FieldCode::NotAnImage => NOT_A_PICTURE,
        FieldCode::TooManyPixels => "This picture is too large. Choose a smaller one.",
        FieldCode::InvalidName => "Write it on one line.",
        FieldCode::NotATime => "Enter a date and time.",
        FieldCode::NotCombinable => "Leave out one of the two.",
        FieldCode::WrongCode => "That code didn’t work. Use the one your app shows now.",
        FieldCode::WrongPassword => "Wrong password.",
        FieldCode::TooManyMentions => "Mention fewer people: at most 50.",
        FieldCode::TooManyFiles => "Attach fewer files: at most 10.",
        FieldCode::NullCharacter
        | FieldCode::NotText
        | FieldCode::NotUuid
        | FieldCode::NotObject
        | FieldCode::NotAChoice
        | FieldCode::NotADate
        | FieldCode::InvalidFilter
        | FieldCode::Unknown => "This can’t be used. Change it and try again.",
    };
    text.to_owned()
}

fn missing(name: &str) -> &'static str {
    match name {
        "username" | "new_username" => "Enter a username.",
        "password" | "new_password" => "Enter a password.",
        "current_password" => "Enter your password.",
        "message" => "Write a message first.",
        "file" => NOT_A_PICTURE,
        _ => "Fill this in.",
    }
}

fn too_long(name: &str) -> String {
    match name {
        "password" | "new_password" => format!("Use at most {PASSWORD_MAX} characters."),
        "username" | "new_username" => format!("Use at most {USERNAME_MAX} characters."),
        "display_name" => format!("Use at most {DISPLAY_NAME_MAX} characters."),
        "message" => format!("This is too long: a message can have at most {MESSAGE_MAX} characters."),
        _ => "This is too long.".to_owned(),
    }
}

/// 100,000
fn with_thousands(number: u32) -> String {
    if number < 1_000 { number.to_string() } else { format!("{},{:03}", number / 1_000, number % 1_000) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_errors_say_what_to_do() {
        assert_eq!(for_field("username", FieldCode::Blank), "Enter a username.");
        assert!(for_field("password", FieldCode::TooShort).contains(&PASSWORD_MIN.to_string()));
        assert!(for_field("message", FieldCode::TooLong).contains(&MESSAGE_MAX.to_string()));
    }

    #[test]
    fn number_error_names_bounds_of_use_limit_only() {
        assert_eq!(for_field("max_uses", FieldCode::NotNumber), "Enter a whole number from 1 to 100,000.");
        assert_eq!(for_field("user_id", FieldCode::NotNumber), "Enter a valid number.");
    }
}
