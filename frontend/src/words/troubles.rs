//! What goes wrong, in words: for a page, for a sentence, for a field.

use shared::{
    credentials::{PASSWORD_MAX, PASSWORD_MIN},
    member::Standing,
    message::MESSAGE_MAX,
    problem::{FieldCode, ProblemCode},
    user::{DISPLAY_NAME_MAX, USERNAME_MAX},
};

use super::keeping;
use crate::api::Trouble;

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

const NOT_A_PICTURE: &str = "Choose a picture: PNG, JPEG, GIF or WebP.";

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
fn sentence(trouble: &Trouble) -> &'static str {
    trouble.code().map_or("The server cannot be reached. Check your connection and try again.", problem)
}

/// What is wrong, beside what was done.
pub fn refused(trouble: &Trouble) -> String {
    let fault = match trouble {
        Trouble::Refused(problem) => problem.errors.first(),
        Trouble::Unreachable => None,
    };
    match fault {
        Some(fault) if fault.code == FieldCode::NotNumber => {
            "Enter a whole number from 1 to 100,000.".to_owned()
        }
        Some(fault) => field(&fault.field, fault.code),
        None => sentence(trouble).to_owned(),
    }
}

pub fn problem(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::WrongCredentials => "This username and password do not fit together.",
        ProblemCode::TooManyRequests => "Too many tries.",
        ProblemCode::Busy => "The server is busy.",
        ProblemCode::ChatNotFound => "You are no longer in this chat.",
        ProblemCode::TooLarge => "This is too large to be sent.",
        // Only pictures are sent as files.
        ProblemCode::UnsupportedMediaType => NOT_A_PICTURE,
        ProblemCode::Forbidden | ProblemCode::ForeignOrigin => "This is not allowed here.",
        ProblemCode::AccountNeeded => "This takes an account.",
        ProblemCode::ProofNeeded => "Enter your password once more first.",
        ProblemCode::CodeNeeded => "Enter the code that your device shows.",
        ProblemCode::PasskeyRefused => "This passkey is not known here.",
        ProblemCode::NoPasskeys => {
            "Passkeys do not work at this address. Use the name of the server, over https."
        }
        ProblemCode::ResetUsedUp => "This link was used before, or is too old. Ask for another e-mail.",
        ProblemCode::NoMail => "This server sends no e-mail. Whoever runs it can give you a link.",
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
        | ProblemCode::HeadTimeout
        | ProblemCode::HeadTooLarge
        | ProblemCode::BodyTimeout
        | ProblemCode::StartAfresh
        | ProblemCode::ClientIdReused
        | ProblemCode::Internal
        | ProblemCode::Unknown => "Something went wrong. Try again.",
    }
}

/// What is wrong with a field, next to it.
pub fn field(name: &str, code: FieldCode) -> String {
    match code {
        FieldCode::Required | FieldCode::Null | FieldCode::Blank => match name {
            "username" | "new_username" => "Enter a username.".to_owned(),
            "password" | "new_password" => "Enter a password.".to_owned(),
            "current_password" => "Enter your password.".to_owned(),
            "message" => "There is nothing to send yet.".to_owned(),
            "file" => NOT_A_PICTURE.to_owned(),
            _ => "Fill this in.".to_owned(),
        },
        FieldCode::TooShort => format!("Use at least {PASSWORD_MIN} characters."),
        FieldCode::TooLong => match name {
            "password" | "new_password" => format!("Use at most {PASSWORD_MAX} characters."),
            "username" | "new_username" => format!("Use at most {USERNAME_MAX} characters."),
            "display_name" => format!("Use at most {DISPLAY_NAME_MAX} characters."),
            "message" => format!("This is too long: a message has at most {MESSAGE_MAX} characters."),
            _ => "This is too long.".to_owned(),
        },
        FieldCode::BadUsername => "Use only letters, digits and @ . + - _".to_owned(),
        FieldCode::UsernameTaken => "Somebody has this name. Choose another one.".to_owned(),
        FieldCode::BadEmail => "This is not an e-mail address.".to_owned(),
        FieldCode::CommonPassword => "This password is easily guessed. Choose another one.".to_owned(),
        FieldCode::NotAnImage => NOT_A_PICTURE.to_owned(),
        FieldCode::TooManyPixels => "This picture is too large. Choose a smaller one.".to_owned(),
        FieldCode::BadName => "Write it on one line.".to_owned(),
        FieldCode::WrongCode => "This code is not good now. Codes change every 30 seconds.".to_owned(),
        FieldCode::WrongPassword => "This is not your password.".to_owned(),
        FieldCode::NullCharacter
        | FieldCode::NotText
        | FieldCode::NotNumber
        | FieldCode::NotUuid
        | FieldCode::NotObject
        | FieldCode::NotOneOf
        | FieldCode::Unknown => "This cannot be used. Write it differently.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_error_says_what_to_do() {
        assert_eq!(field("username", FieldCode::Blank), "Enter a username.");
        assert!(field("password", FieldCode::TooShort).contains(&PASSWORD_MIN.to_string()));
        assert!(field("message", FieldCode::TooLong).contains(&MESSAGE_MAX.to_string()));
    }
}
