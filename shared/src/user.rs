//! Users and accounts: their profiles, and the rules for names and e-mail addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

pub use crate::text::fold_name;
use crate::{
    credentials::Password,
    id::UserId,
    problem::FieldCode,
    text::{check_single_line, is_invisible},
};

/// The longest username, in characters.
pub const USERNAME_MAX: usize = 150;
/// The longest display name, in characters.
pub const DISPLAY_NAME_MAX: usize = 50;
/// The longest e-mail address, in characters.
pub const EMAIL_MAX: usize = 254;

/// A user as other members see them. Unset text is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// Never changes.
    pub id: UserId,
    /// Unique; not case-sensitive.
    pub username: String,
    /// Set only in responses to the user themself, empty for everyone else, and in messages that are read or pushed.
    pub email: String,
    /// For compatibility with the original application; empty when unset.
    pub first_name: String,
    /// For compatibility with the original application; empty when unset.
    pub last_name: String,
    /// Not unique; left out when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub display_name: String,
    /// The name of the avatar at `/api/avatars/<name>/`; left out when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub avatar: String,
    /// Whether the user has no account, only a session in one browser; left out when false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guest: bool,
}

impl User {
    /// The user without the e-mail address.
    #[must_use]
    pub fn public(&self) -> Self {
        Self { email: String::new(), ..self.clone() }
    }

    /// The display name, or else the username.
    pub fn name(&self) -> &str {
        if self.display_name.is_empty() { &self.username } else { &self.display_name }
    }
}

/// The caller's own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Account {
    /// Empty when unset.
    pub email: String,
    /// The name to sign in with.
    pub username: String,
    /// The same as [`User::id`].
    pub id: UserId,
    /// The display name; left out when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub display_name: String,
    /// The same as [`User::avatar`]; left out when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub avatar: String,
    /// Whether the account has no password yet; left out when false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guest: bool,
}

/// `POST /auth/users/create/`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignUp {
    /// May be empty.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub email: String,
    /// See [`check_username`].
    pub username: String,
    /// See [`check_password`](crate::credentials::check_password).
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub password: Password,
}

/// `POST /auth/guest/`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateGuest {
    /// If left out, the server generates one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// `POST /auth/claim/`: turns a guest into an account, which keeps all chats and messages.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClaimAccount {
    /// See [`check_username`].
    pub username: String,
    /// See [`check_password`](crate::credentials::check_password).
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub password: Password,
    /// May be empty.
    #[serde(default)]
    pub email: String,
}

/// The response of [`CreateGuest`] and [`ClaimAccount`]. Also sets the `HttpOnly` refresh cookie.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionCreated {
    /// A signed access token.
    pub token: String,
    /// The signed-in user.
    pub user: User,
}

impl fmt::Debug for SessionCreated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun").field("user", &self.user).finish_non_exhaustive()
    }
}

/// `PUT` and `PATCH /auth/me/`: changes the fields that are given.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateProfile {
    /// Empty to remove the address. Guests have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Empty to show the username instead. See [`check_display_name`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// Accepts 1 to [`USERNAME_MAX`] visible letters, digits and `@ . + - _`.
pub fn check_username(username: &str) -> Result<(), FieldCode> {
    match username.chars().count() {
        0 => Err(FieldCode::Blank),
        length if length > USERNAME_MAX => Err(FieldCode::TooLong),
        // The Hangul fillers are letters that show nothing.
        _ if username.chars().all(is_username_character) => Ok(()),
        _ => Err(FieldCode::InvalidUsername),
    }
}

fn is_username_character(c: char) -> bool {
    (c.is_alphanumeric() && !is_invisible(c)) || "@.+-_".contains(c)
}

/// Accepts an empty name, or one line of at most [`DISPLAY_NAME_MAX`] characters, one of them visible.
pub fn check_display_name(name: &str) -> Result<(), FieldCode> {
    check_single_line(name, DISPLAY_NAME_MAX)
}

/// Accepts an empty address, or one with a single `@`, text on both sides, a dot in the domain and no blanks. Only
/// sending an e-mail could verify more.
pub fn check_email(email: &str) -> Result<(), FieldCode> {
    if email.is_empty() {
        return Ok(());
    }
    if email.chars().count() > EMAIL_MAX {
        return Err(FieldCode::TooLong);
    }
    let Some((local, domain)) = email.split_once('@') else { return Err(FieldCode::InvalidEmail) };
    let is_special = |c: char| c.is_whitespace() || c.is_control() || c == '@';
    let is_dotted = domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty());
    if local.is_empty() || !is_dotted || email.chars().filter(|c| is_special(*c)).count() != 1 {
        return Err(FieldCode::InvalidEmail);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn username_allows_all_scripts_but_no_markup() {
        for good in ["ada", "Ada.Lovelace+1@home_-", "Åsa", "李", "٣"] {
            assert_eq!(check_username(good), Ok(()), "{good}");
        }
        for bad in ["a b", "<b>", "a/b", "a\u{200b}b", "\u{202e}eve", "\u{3164}", "a\u{ffa0}b"] {
            assert_eq!(check_username(bad), Err(FieldCode::InvalidUsername), "{bad:?}");
        }
        assert_eq!(check_username(""), Err(FieldCode::Blank));
        assert_eq!(check_username(&"é".repeat(USERNAME_MAX)), Ok(()));
        assert_eq!(check_username(&"é".repeat(USERNAME_MAX + 1)), Err(FieldCode::TooLong));
    }

    #[test]
    fn email_needs_one_at_sign_and_a_dotted_domain() {
        for good in ["", "ada@example.org", "a.b+c@mail.example.org"] {
            assert_eq!(check_email(good), Ok(()), "{good}");
        }
        for bad in ["ada", "@example.org", "ada@", "ada@host", "a@b@c.org", "a b@c.org", "ada@c..org"] {
            assert_eq!(check_email(bad), Err(FieldCode::InvalidEmail), "{bad}");
        }
    }
}
