//! Passwords, tokens, and the requests that authenticate an account.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::problem::FieldCode;

/// The shortest password, in characters.
pub const PASSWORD_MIN: usize = 8;
/// The longest password, in characters.
pub const PASSWORD_MAX: usize = 128;

/// A password in plain text. Its `Debug` output is redacted, so it cannot leak into logs.
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
    /// Not case-sensitive.
    pub username: String,
    /// The account's password.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub password: Password,
    /// A TOTP or recovery code, for accounts with a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_code: Option<String>,
}

/// `POST /auth/jwt/verify/` and `POST /auth/jwt/refresh/`, and the response of all three `jwt` calls.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessToken {
    /// A signed access token.
    pub token: String,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The response of `POST /auth/token/create/`
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthToken {
    /// A signed access token.
    pub auth_token: String,
}

impl fmt::Debug for AuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthToken(…)")
    }
}

/// The response of `POST /auth/jwt/refresh/` to a client that sent its `refresh`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenRefreshed {
    /// A signed access token.
    pub token: String,
    /// The next refresh token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<String>,
}

impl fmt::Debug for TokenRefreshed {
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
    /// Re-authenticates the caller.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub current_password: Password,
}

/// `POST /auth/username/`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeUsername {
    /// See [`check_username`](crate::user::check_username).
    pub new_username: String,
    /// Re-authenticates the caller.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub current_password: Password,
}

/// `POST /auth/users/delete/`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeleteAccount {
    /// Re-authenticates the caller.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub current_password: Password,
}

/// `POST /auth/reauthentication/`: re-authenticates the caller.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reauthenticate {
    /// The account's password.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub current_password: Password,
    /// As for [`SignIn::one_time_code`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_code: Option<String>,
}

/// `POST /auth/password_resets/`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestPasswordReset {
    /// The e-mail address of an account.
    pub email: String,
}

/// `PUT /auth/password_resets/`
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfirmPasswordReset {
    /// The token from the e-mail.
    pub token: String,
    /// See [`check_password`].
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub new_password: Password,
}

impl fmt::Debug for ConfirmPasswordReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResetPassword(…)")
    }
}

/// Accepts [`PASSWORD_MIN`] to [`PASSWORD_MAX`] characters. The server also rejects common passwords.
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
    fn password_length_counts_characters() {
        let check = |text: &str| check_password(&Password(text.to_owned()));
        assert_eq!(check(&"é".repeat(PASSWORD_MIN)), Ok(()));
        assert_eq!(check(&"é".repeat(PASSWORD_MIN - 1)), Err(FieldCode::TooShort));
        assert_eq!(check(&"é".repeat(PASSWORD_MAX)), Ok(()));
        assert_eq!(check(&"é".repeat(PASSWORD_MAX + 1)), Err(FieldCode::TooLong));
        assert_eq!(check(""), Err(FieldCode::Blank));
    }

    #[test]
    fn password_debug_output_is_redacted() {
        let sign_in = SignIn {
            username: "ada".into(),
            password: Password("correct horse".into()),
            one_time_code: None,
        };
        let debug = format!("{sign_in:?}");
        assert!(debug.contains("ada") && !debug.contains("horse"), "{debug}");
    }
}
