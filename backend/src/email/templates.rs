//! The texts of e-mails.

use crate::auth::opaque_token::OpaqueToken;

pub struct Email {
    pub to: String,
    pub subject: &'static str,
    pub text: String,
}

/// Has the username and the link of each account with this address.
pub fn password_reset(to: String, links: &[(String, String)]) -> Email {
    let request = match links {
        [(username, url)] => format!(
            "A password reset was requested for the account \"{username}\".\n\n\
             Open this page within an hour to set a new password:\n\n{url}\n"
        ),
        links => {
            let links =
                links.iter().map(|(username, url)| format!("\nFor the account \"{username}\":\n{url}\n"));
            format!(
                "A password reset was requested for the accounts with this e-mail address.\n\n\
                 Open a page within an hour to set a new password:\n{}",
                links.collect::<String>()
            )
        }
    };
    let text = format!(
        "{request}\nIf you did not request this, ignore this e-mail. Your password stays the same.\n"
    );
    Email { to, subject: "Reset your password", text }
}

/// The page on which the token's owner sets a new password.
pub fn password_reset_url(public_url: &str, token: &OpaqueToken) -> String {
    format!("{public_url}/reset#{}", token.as_str())
}
