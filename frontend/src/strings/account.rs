//! Texts of the account pages.

use shared::{passkey::Passkey, session::SessionInfo};

use super::{bidi::BidiIsolate, dates::date_and_time};

// Signing in
pub const CONTINUE: &str = "Continue";
pub const CODE: &str = "Code";
pub const CODE_HINT: &str = "From your authenticator app, or one of your recovery codes.";
pub const SIGN_IN_WITH_PASSKEY: &str = "Sign in with a passkey";
pub const NO_PASSKEY_USED: &str = "No passkey was used.";
pub const FORGOT_PASSWORD: &str = "Forgot your password?";
pub const FORGOT_PASSWORD_TEXT: &str = "Enter your email. We’ll send you a link to set a new password.";
pub const SEND_RESET_LINK: &str = "Send link";
pub const RESET_LINK_SENT: &str =
    "If there’s an account with this email, a link is on its way. It works once, for an hour.";
pub const BACK_TO_SIGN_IN: &str = "Back to sign in";
pub const RESET_TITLE: &str = "Choose a new password";
pub const SAVE_PASSWORD: &str = "Save password";
pub const RESET_DONE: &str = "Password saved";
pub const RESET_DONE_TEXT: &str = "You’ve been signed out on all devices. Sign in with your new password.";
pub const RESET_LINK_INVALID: &str = "This link no longer works";
pub const RESET_LINK_INVALID_TEXT: &str =
    "It was already used, is more than an hour old, or is incomplete. Ask for a new email.";

// Reauthentication
pub const REAUTH_TITLE: &str = "Confirm it’s you";
pub const REAUTH_TEXT: &str = "Enter your password to continue.";
pub const USE_PASSKEY: &str = "Use a passkey";

// The profile
pub const CHOOSE_PICTURE: &str = "Choose a picture";
pub const CHANGE_PICTURE: &str = "Change picture";
pub const UPLOADING_PICTURE: &str = "Uploading…";
pub const REMOVE_PICTURE: &str = "Remove";

// Username, email and password
pub const CHANGE: &str = "Change";
pub const NO_EMAIL: &str = "None";
pub const EMAIL_HINT: &str = "We send a link here if you forget your password. Only you can see it.";
pub const EMAIL_CHANGED: &str = "Email changed.";
pub const NEW_USERNAME: &str = "New username";
pub const USERNAME_CHANGED: &str = "Username changed.";
pub const CURRENT_PASSWORD: &str = "Current password";
pub const NEW_PASSWORD: &str = "New password";
pub const PASSWORD_CHANGED: &str = "Password changed. You’ve been signed out on all other devices.";

// The second factor
pub const SECOND_FACTOR: &str = "Two-step sign-in";
pub const SECOND_FACTOR_OFF: &str = "Off. Adds a code from your phone when you sign in with your password.";
pub const TURN_ON: &str = "Turn on";
pub const TURN_OFF: &str = "Turn off";
pub const SCAN_QR_CODE: &str = "Scan this with your authenticator app.";
pub const QR_CODE_LABEL: &str = "QR code for your authenticator app";
pub const OR_ENTER_KEY: &str = "Or enter this key:";
pub const FIRST_CODE_HINT: &str = "Enter the 6-digit code from your app.";
pub const GET_NEW_RECOVERY_CODES: &str = "Get new recovery codes";
pub const RECOVERY_CODES: &str = "Your recovery codes";
pub const RECOVERY_CODES_TEXT: &str =
    "Each code works once if you lose your phone. Save them somewhere safe: you won’t see them again.";
pub const COPY_CODES: &str = "Copy codes";

pub fn second_factor_on(recovery_codes: u32) -> String {
    match recovery_codes {
        0 => "On. No recovery codes left: get new ones.".to_owned(),
        1 => "On. 1 recovery code left: get new ones.".to_owned(),
        left => format!("On. {left} recovery codes left."),
    }
}

// Passkeys
pub const PASSKEYS: &str = "Passkeys";
pub const PASSKEYS_TEXT: &str = "Sign in with your fingerprint, face or screen lock.";
pub const PASSKEYS_UNAVAILABLE: &str =
    "Passkeys need a newer browser, or a secure (https) address with a host name.";
pub const ADD_PASSKEY: &str = "Add a passkey";
pub const PASSKEY_NAME: &str = "Name";
pub const PASSKEY_NAME_HINT: &str = "For example “My phone”.";
pub const MY_PASSKEY: &str = "My passkey";
pub const NO_PASSKEY_ADDED: &str = "No passkey was added.";
pub const REMOVE: &str = "Remove";

pub fn remove_passkey_confirm(label: &str) -> String {
    format!("Remove “{}”? You won’t be able to sign in with it.", BidiIsolate(label))
}

pub fn passkey_facts(passkey: &Passkey) -> String {
    let added = format!("Added {}", date_and_time(passkey.created_at));
    match passkey.used_at {
        Some(used) => format!("{added} · last used {}", date_and_time(used)),
        None => format!("{added} · not used yet"),
    }
}

// Sessions
pub const SESSIONS: &str = "Where you’re signed in";
pub const SIGN_OUT_EVERYWHERE: &str = "Sign out everywhere";
pub const SIGN_OUT_EVERYWHERE_CONFIRM: &str = "Sign out on all devices, including this one?";

pub fn client_name(session: &SessionInfo) -> String {
    match (session.user_agent.as_str(), session.os.as_str()) {
        ("", "") => "Unknown app".to_owned(),
        (app, "") => app.to_owned(),
        ("", os) => os.to_owned(),
        (app, os) => format!("{app} on {os}"),
    }
}

pub fn session_facts(session: &SessionInfo) -> String {
    if session.current {
        "This device".to_owned()
    } else {
        format!("Last used {}", date_and_time(session.used_at))
    }
}

// Data export and account deletion
pub const DATA: &str = "Your data";
pub const EXPORT_TEXT: &str = "Download your account, chats and messages in one file.";
pub const START_EXPORT: &str = "Export my data";
pub const DELETE_ACCOUNT: &str = "Delete account";
pub const DELETE_ACCOUNT_CONFIRM: &str = "Delete your account? This can’t be undone.";
pub const DELETE_ACCOUNT_TEXT: &str = "Your name, picture and email are deleted, and you leave all chats. \
    Your messages stay, shown as from a deleted account. Export your data first if you want to keep it.";

#[cfg(test)]
mod tests {
    use shared::time::DateTime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn client_is_named_by_app_and_os() {
        let name = |app: &str, os: &str| {
            client_name(&SessionInfo {
                id: Uuid::nil(),
                user_agent: app.to_owned(),
                os: os.to_owned(),
                created_at: DateTime::UNIX_EPOCH,
                used_at: DateTime::UNIX_EPOCH,
                current: true,
            })
        };
        assert_eq!(name("Firefox", "Android"), "Firefox on Android");
        assert_eq!((name("curl", ""), name("", "Linux")), ("curl".to_owned(), "Linux".to_owned()));
        assert_eq!(name("", ""), "Unknown app");
    }
}
