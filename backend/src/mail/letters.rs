//! The words of letters.

use crate::{db::password_resets::Account, secret::Secret};

/// A letter before it is sent.
pub struct Letter {
    pub to: String,
    pub subject: &'static str,
    pub text: String,
}

/// To somebody who cannot sign in.
pub fn reset(account: &Account, link: &str) -> Letter {
    let Account { username, email, .. } = account;
    let text = format!(
        "Somebody, most likely you, wants to set another password for the account \"{username}\".\n\n\
         Open this page within an hour to choose one:\n\n{link}\n\n\
         If it was not you, there is nothing to do: your password stays as it is, and nobody else got this letter.\n"
    );
    Letter { to: email.clone(), subject: "Set another password", text }
}

/// The page on which a secret sets another password.
pub fn link(public_url: &str, secret: &Secret) -> String {
    format!("{public_url}/reset#{}", secret.text())
}
