//! By what people show that an account is theirs, and what they get for it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::problem::FieldCode;

/// The shortest password, in characters.
pub const PASSWORD_MIN: usize = 8;
/// The longest password, in characters.
pub const PASSWORD_MAX: usize = 128;

/// A password on its way to be hashed or compared. It has no readable `Debug`, so no log can hold one.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// `POST /auth/jwt/create/`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignIn {
    /// In any case.
    pub username: String,
    /// As it was chosen.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub password: Password,
    /// What the account's second factor shows, or a recovery code; left out where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_code: Option<String>,
}

/// `POST /auth/jwt/verify/` and `POST /auth/jwt/refresh/`, and the answer of all three `jwt` calls.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Token {
    /// A signed access token.
    pub token: String,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The answer of `POST /auth/jwt/refresh/` to a client that sent its `refresh`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Refreshed {
    /// A signed access token.
    pub token: String,
    /// What gets the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<String>,
}

impl fmt::Debug for Refreshed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refreshed(…)")
    }
}

/// `POST /auth/password/`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangePassword {
    /// See [`check_password`].
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub new_password: Password,
    /// Proves that the caller is who they were at sign-in.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub current_password: Password,
}

/// `POST /auth/username/`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeUsername {
    /// See [`check_username`](crate::user::check_username).
    pub new_username: String,
    /// Proves that the caller is who they were at sign-in.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub current_password: Password,
}

/// `POST /auth/users/delete/`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeleteAccount {
    /// Proves that the caller is who they were at sign-in.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub current_password: Password,
}

/// `POST /auth/proof/`: shows once more that the account is the caller's own.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Prove {
    /// The password that the account has now.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub current_password: Password,
    /// As at sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_code: Option<String>,
}

/// `POST /auth/password_resets/`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskReset {
    /// The e-mail address of an account.
    pub email: String,
}

/// `PUT /auth/password_resets/`
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResetPassword {
    /// What stood in the letter.
    pub token: String,
    /// See [`check_password`].
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub new_password: Password,
}

impl fmt::Debug for ResetPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResetPassword(…)")
    }
}

/// A password has [`PASSWORD_MIN`] to [`PASSWORD_MAX`] characters of any kind; the server also refuses common ones.
pub fn check_password(password: &Password) -> Result<(), FieldCode> {
    match password.0.chars().count() {
        0 => Err(FieldCode::Blank),
        length if length < PASSWORD_MIN => Err(FieldCode::TooShort),
        length if length > PASSWORD_MAX => Err(FieldCode::TooLong),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_measured_in_characters() {
        let check = |text: &str| check_password(&Password(text.to_owned()));
        assert_eq!(check(&"é".repeat(PASSWORD_MIN)), Ok(()));
        assert_eq!(check(&"é".repeat(PASSWORD_MIN - 1)), Err(FieldCode::TooShort));
        assert_eq!(check(&"é".repeat(PASSWORD_MAX)), Ok(()));
        assert_eq!(check(&"é".repeat(PASSWORD_MAX + 1)), Err(FieldCode::TooLong));
        assert_eq!(check(""), Err(FieldCode::Blank));
    }

    #[test]
    fn a_password_is_never_shown() {
        let sign_in = SignIn {
            username: "ada".into(),
            password: Password("correct horse".into()),
            one_time_code: None,
        };
        let shown = format!("{sign_in:?}");
        assert!(shown.contains("ada") && !shown.contains("horse"), "{shown}");
    }
}
