//! People: what is said of them, what they send to become known, and the rules for their names.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{chat::check_line, credentials::Password, problem::FieldCode};

/// The longest username, in characters.
pub const USERNAME_MAX: usize = 150;
/// The longest display name, in characters.
pub const DISPLAY_NAME_MAX: usize = 50;
/// The longest e-mail address, in characters.
pub const EMAIL_MAX: usize = 254;
/// A person as members of a chat see them; text that is not set is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// The number by which a user is known for good.
    pub id: i64,
    /// Unique without regard to case.
    pub username: String,
    /// Filled only in answers to the user themself, empty for everyone else.
    pub email: String,
    /// Kept for programs of the original; empty when unset.
    pub first_name: String,
    /// Kept for programs of the original; empty when unset.
    pub last_name: String,
    /// What they wish to be called, not unique; left out when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub display_name: String,
    /// The name of their picture, which is at `/api/avatars/<name>/`; left out when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub avatar: String,
    /// Has no account, and is known by one browser alone; left out when false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guest: bool,
}

impl User {
    /// The user as others see them: without the e-mail.
    #[must_use]
    pub fn public(&self) -> Self {
        Self { email: String::new(), ..self.clone() }
    }

    /// What they are called.
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
    /// The same number as [`User::id`].
    pub id: i64,
    /// What the user wishes to be called; left out when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub display_name: String,
    /// The same as [`User::avatar`]; left out when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub avatar: String,
    /// Has no password yet; left out when false.
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
pub struct BeGuest {
    /// Without one the server finds a friendly name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// `POST /auth/claim/`: a guest becomes an account, and keeps everything.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Claim {
    /// See [`check_username`].
    pub username: String,
    /// See [`check_password`](crate::credentials::check_password).
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub password: Password,
    /// May be empty.
    #[serde(default)]
    pub email: String,
}

/// The answer to [`BeGuest`] and [`Claim`]: a session has begun. A cookie that no script can read goes with it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Begun {
    /// A signed access token.
    pub token: String,
    /// Whose it is.
    pub user: User,
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun").field("user", &self.user).finish_non_exhaustive()
    }
}

/// `PUT` and `PATCH /auth/me/`: what is given is changed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeMe {
    /// May be empty, which forgets the address. Guests have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// May be empty: then the username is shown. See [`check_display_name`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// A username has 1 to [`USERNAME_MAX`] letters, digits and `@ . + - _`.
pub fn check_username(username: &str) -> Result<(), FieldCode> {
    match username.chars().count() {
        0 => Err(FieldCode::Blank),
        length if length > USERNAME_MAX => Err(FieldCode::TooLong),
        _ if username.chars().all(|c| c.is_alphanumeric() || "@.+-_".contains(c)) => Ok(()),
        _ => Err(FieldCode::BadUsername),
    }
}

/// A display name is empty or has at most [`DISPLAY_NAME_MAX`] characters on one line, of which one can be seen.
pub fn check_display_name(name: &str) -> Result<(), FieldCode> {
    check_line(name, DISPLAY_NAME_MAX)
}

/// An e-mail address is empty or has one `@` with something on both sides and no blanks; only a letter sent there
/// could tell more.
pub fn check_email(email: &str) -> Result<(), FieldCode> {
    if email.is_empty() {
        return Ok(());
    }
    if email.chars().count() > EMAIL_MAX {
        return Err(FieldCode::TooLong);
    }
    let Some((local, domain)) = email.split_once('@') else { return Err(FieldCode::BadEmail) };
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '@';
    let dotted = domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty());
    if local.is_empty() || !dotted || email.chars().filter(|c| odd(*c)).count() != 1 {
        return Err(FieldCode::BadEmail);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_of_every_script_are_taken_and_markup_is_not() {
        for good in ["ada", "Ada.Lovelace+1@home_-", "Åsa", "李", "٣"] {
            assert_eq!(check_username(good), Ok(()), "{good}");
        }
        for bad in ["a b", "<b>", "a/b", "a\u{200b}b", "\u{202e}eve"] {
            assert_eq!(check_username(bad), Err(FieldCode::BadUsername), "{bad:?}");
        }
        assert_eq!(check_username(""), Err(FieldCode::Blank));
        assert_eq!(check_username(&"é".repeat(USERNAME_MAX)), Ok(()));
        assert_eq!(check_username(&"é".repeat(USERNAME_MAX + 1)), Err(FieldCode::TooLong));
    }

    #[test]
    fn addresses_need_one_at_sign_and_a_dotted_domain() {
        for good in ["", "ada@example.org", "a.b+c@mail.example.org"] {
            assert_eq!(check_email(good), Ok(()), "{good}");
        }
        for bad in ["ada", "@example.org", "ada@", "ada@host", "a@b@c.org", "a b@c.org", "ada@c..org"] {
            assert_eq!(check_email(bad), Err(FieldCode::BadEmail), "{bad}");
        }
    }
}
