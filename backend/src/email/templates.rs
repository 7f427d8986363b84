//! The texts of e-mails.

use crate::{auth::opaque_token::OpaqueToken, store::password_resets::ResetTarget};

pub struct Email {
    pub to: String,
    pub subject: &'static str,
    pub text: String,
}

pub fn password_reset(account: &ResetTarget, url: &str) -> Email {
    let ResetTarget { username, email, .. } = account;
    let text = format!(
        "A password reset was requested for the account \"{username}\".\n\n\
         Open this page within an hour to set a new password:\n\n{url}\n\n\
         If you did not request this, ignore this e-mail. Your password stays the same.\n"
    );
    Email { to: email.clone(), subject: "Reset your password", text }
}

/// The page on which the token's owner sets a new password.
pub fn password_reset_url(public_url: &str, token: &OpaqueToken) -> String {
    format!("{public_url}/reset#{}", token.as_str())
}
