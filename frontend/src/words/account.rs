//! The words of one's account.

use shared::{
    export::{Export, State},
    passkey::Passkey,
    session::Session,
};

use super::{apart::Apart, keeping::moment};

// Signing in
pub const GO_ON: &str = "Continue";
pub const CODE: &str = "Code";
pub const CODE_HINT: &str = "From your authenticator app, or one of your recovery codes.";
pub const SIGN_IN_BY_PASSKEY: &str = "Sign in with a passkey";
pub const NO_PASSKEY_SHOWN: &str = "No passkey was used.";
pub const FORGOTTEN: &str = "Forgot your password?";
pub const FORGOTTEN_TEXT: &str =
    "Give the e-mail address of your account. A link is sent to it by which you set another password.";
pub const SEND_LETTER: &str = "Send the e-mail";
pub const LETTER_SENT: &str =
    "If an account has this address, an e-mail is on its way. Its link works for an hour, once.";
pub const BACK_TO_SIGN_IN: &str = "Back to signing in";
pub const RESET_TITLE: &str = "Choose another password";
pub const SET_PASSWORD: &str = "Set the password";
pub const RESET_DONE: &str = "Your password is set";
pub const RESET_DONE_TEXT: &str = "You were signed out everywhere. Sign in with the new one.";
pub const RESET_WORTHLESS: &str = "This link does not work any more";
pub const RESET_WORTHLESS_TEXT: &str =
    "It was used before, is older than an hour, or is incomplete. Ask for another e-mail.";

// Showing that it is one's own
pub const PROVE_TITLE: &str = "Is it you?";
pub const PROVE_TEXT: &str = "Before this is changed, show once more that the account is yours.";
pub const BY_PASSKEY: &str = "Use a passkey";

// The profile
pub const CHOOSE_PICTURE: &str = "Choose a picture";
pub const OTHER_PICTURE: &str = "Choose another picture";
pub const PICTURE_IS_SENT: &str = "Sending the picture…";
pub const REMOVE_PICTURE: &str = "Remove";

// How one signs in
pub const CHANGE: &str = "Change";
pub const NO_EMAIL: &str = "None";
pub const EMAIL_HINT: &str = "Where a link is sent if you forget your password. Only you see it.";
pub const EMAIL_CHANGED: &str = "The e-mail address is changed.";
pub const NEW_USERNAME: &str = "New username";
pub const USERNAME_CHANGED: &str = "The username is changed.";
pub const CURRENT_PASSWORD: &str = "Your password";
pub const NEW_PASSWORD: &str = "New password";
pub const PASSWORD_CHANGED: &str = "The password is changed. Everywhere else you are signed out.";

// The second factor
pub const SECOND_FACTOR: &str = "Two-step sign-in";
pub const SECOND_FACTOR_OFF: &str =
    "Off. With it, signing in by password also takes a code that only your phone shows.";
pub const TURN_ON: &str = "Turn on";
pub const TURN_OFF: &str = "Turn off";
pub const SCAN: &str = "Scan this with your authenticator app.";
pub const SCAN_QR: &str = "QR code for your authenticator app";
pub const OR_TYPE: &str = "Or type this into it:";
pub const FIRST_CODE_HINT: &str = "What the app shows now, to see that it works.";
pub const NEW_CODES: &str = "New recovery codes";
pub const RECOVERY_CODES: &str = "Your recovery codes";
pub const RECOVERY_CODES_TEXT: &str =
    "Each signs you in once, without the app. Keep them where your phone is not: they are shown only now.";
pub const COPY_CODES: &str = "Copy the codes";

pub fn second_factor_on(recovery_codes: u32) -> String {
    match recovery_codes {
        0 => "On. No recovery code is left: get new ones.".to_owned(),
        1 => "On. One recovery code is left: get new ones.".to_owned(),
        left => format!("On. {left} recovery codes are left."),
    }
}

// Passkeys
pub const PASSKEYS: &str = "Passkeys";
pub const PASSKEYS_TEXT: &str =
    "Sign in with your fingerprint, face or screen lock, without a password that could be stolen.";
pub const NO_PASSKEYS_HERE: &str = "Passkeys take a newer browser, or a secure (https) address.";
pub const ADD_PASSKEY: &str = "Add a passkey";
pub const PASSKEY_NAME: &str = "What to call it";
pub const PASSKEY_NAME_HINT: &str = "So that you know it again: your phone, your laptop.";
pub const MY_PASSKEY: &str = "My passkey";
pub const NO_PASSKEY_MADE: &str = "No passkey was made.";
pub const REMOVE: &str = "Remove";

pub fn remove_passkey(label: &str) -> String {
    format!("Remove “{}”? Nobody signs in with it any more.", Apart(label))
}

pub fn passkey_facts(passkey: &Passkey) -> String {
    let made = format!("Made {}", moment(passkey.created_at));
    match passkey.used_at {
        Some(used) => format!("{made} · last used {}", moment(used)),
        None => format!("{made} · not used yet"),
    }
}

// What one is signed in to
pub const SESSIONS: &str = "Where you are signed in";
pub const EVERYWHERE: &str = "Sign out everywhere";
pub const EVERYWHERE_REALLY: &str = "Sign out on every device, this one too?";

pub fn device(session: &Session) -> String {
    match (session.program.as_str(), session.system.as_str()) {
        ("", "") => "A program that does not say what it is".to_owned(),
        (program, "") => program.to_owned(),
        ("", system) => system.to_owned(),
        (program, system) => format!("{program} on {system}"),
    }
}

pub fn session_facts(session: &Session) -> String {
    if session.current { "Here, now".to_owned() } else { format!("Last used {}", moment(session.used_at)) }
}

// What is one's own
pub const DATA: &str = "Your data";
pub const EXPORT_TEXT: &str =
    "Have everything of yours in one file: your account, your chats, and what you said.";
pub const BEGIN_EXPORT: &str = "Gather my data";
pub const SAVE_EXPORT: &str = "Save the file";
pub const DELETE_ACCOUNT: &str = "Delete my account";
pub const DELETE_REALLY: &str = "Delete your account for good?";
pub const DELETE_TEXT: &str = "Your name, picture and e-mail address go, and every chat goes on without you. \
    What you said stays, by a deleted account. Save your data first if you want it.";

pub const EXPORT_READY: &str = "Your file is ready.";

pub fn export(export: &Export) -> String {
    match export.state {
        State::Waiting => "Others are before you. You may leave this page.".to_owned(),
        State::Running => format!("{} of {} messages. You may leave this page.", export.done, export.total),
        State::Ready => {
            let size = export.bytes.map(|bytes| format!(" ({})", size(bytes))).unwrap_or_default();
            let until = export.expires_at.map(|at| format!(" until {}", moment(at))).unwrap_or_default();
            format!("Your file{size} is ready{until}.")
        }
        State::Failed => "The file could not be written. Try again.".to_owned(),
        State::Unknown => String::new(),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..=999_999 => format!("{} KB", bytes.div_ceil(1_000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_device_is_called_by_what_it_says_of_itself() {
        let called = |program: &str, system: &str| {
            device(&Session {
                id: Uuid::nil(),
                program: program.to_owned(),
                system: system.to_owned(),
                created_at: DateTime::UNIX_EPOCH,
                used_at: DateTime::UNIX_EPOCH,
                current: true,
            })
        };
        assert_eq!(called("Firefox", "Android"), "Firefox on Android");
        assert_eq!((called("curl", ""), called("", "Linux")), ("curl".to_owned(), "Linux".to_owned()));
        assert!(called("", "").starts_with("A program"));
    }

    #[test]
    fn sizes_are_spoken_as_people_do() {
        assert_eq!(
            (size(1), size(12_345), size(12_345_678)),
            ("1 KB".into(), "13 KB".into(), "12.3 MB".into())
        );
    }
}
