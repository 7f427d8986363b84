//! Passkeys (WebAuthn level 3): registration, sign-in and management.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::{DateTime, Utc};

/// The most passkeys per account.
pub const PASSKEYS_MAX: i64 = 20;

/// One of the caller's passkeys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Passkey {
    /// Identifies the passkey.
    pub id: Uuid,
    /// A name given by its owner.
    pub label: String,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was last used to sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<DateTime<Utc>>,
}

/// The response of `GET /auth/passkeys/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasskeysResponse {
    /// Newest first.
    pub passkeys: Vec<Passkey>,
}

/// The response of `POST /auth/passkeys/registrations/` and `POST /auth/passkeys/challenges/`. Valid once, for five
/// minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebauthnChallenge<O> {
    /// Identifies the challenge.
    pub id: Uuid,
    /// The argument of `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`.
    pub options: O,
}

/// `POST /auth/passkeys/`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegisterPasskey<C> {
    /// The ID of the [`WebauthnChallenge`].
    pub registration: Uuid,
    /// See [`check_label`](crate::invite_link::check_label).
    pub label: String,
    /// The browser's credential, from its `toJSON()`.
    pub credential: C,
}

/// `POST /auth/jwt/passkey/`, and one of the two bodies of `POST /auth/reauthentication/`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasskeyAssertion<C> {
    /// The ID of the [`WebauthnChallenge`].
    pub challenge: Uuid,
    /// The browser's credential, from its `toJSON()`.
    pub credential: C,
}
