//! The second factor: time-based one-time passwords (TOTP) and recovery codes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The response of `GET /auth/second_factor/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactorStatus {
    /// Whether sign-in by password needs a code.
    pub on: bool,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
}

/// The response of `POST /auth/second_factor/`: what an authenticator app needs. Sent only once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TotpEnrolment {
    /// In base 32, for manual entry.
    pub secret: String,
    /// The same as an `otpauth` URI, for a QR code.
    pub uri: String,
}

impl fmt::Debug for TotpEnrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enrolment(…)")
    }
}

/// `PUT /auth/second_factor/`: turns the second factor on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfirmSecondFactor {
    /// The current code of the authenticator app.
    pub one_time_code: String,
}

/// The response of [`ConfirmSecondFactor`] and of `POST /auth/recovery_codes/`: each code replaces a one-time code
/// once. Sent only once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryCodes {
    /// Ten codes; earlier ones are invalid now.
    pub codes: Vec<String>,
}

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCodes(…)")
    }
}
