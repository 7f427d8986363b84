//! What an account may ask for beside its password: codes that a device makes of the time.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The answer to `GET /auth/second_factor/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactor {
    /// A code is asked for at every sign-in with the password.
    pub on: bool,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
}

/// The answer to `POST /auth/second_factor/`: what a device needs to make codes. It is told once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Enrolment {
    /// In base 32, to be typed.
    pub secret: String,
    /// The same as a device reads it from a QR code.
    pub uri: String,
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enrolment(…)")
    }
}

/// `PUT /auth/second_factor/`: shows that a device makes codes; they are asked for from then on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Confirm {
    /// What the device shows now.
    pub one_time_code: String,
}

/// The answer to that, and to `POST /auth/recovery_codes/`: what stands in for a code, each once. They are told once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryCodes {
    /// Ten of them; those from before are worthless.
    pub codes: Vec<String>,
}

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCodes(…)")
    }
}
