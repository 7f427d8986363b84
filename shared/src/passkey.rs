//! Passkeys: keys that a device or a password manager holds, and shows instead of a password (WebAuthn, level 3).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How many passkeys one account may have.
pub const PASSKEYS_MAX: i64 = 20;

/// A passkey of the caller's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Passkey {
    /// By which it is removed.
    pub id: Uuid,
    /// What its owner calls it.
    pub label: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When somebody last signed in with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<DateTime<Utc>>,
}

/// The answer to `GET /auth/passkeys/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Passkeys {
    /// The newest first.
    pub passkeys: Vec<Passkey>,
}

/// The answer to `POST /auth/passkeys/registrations/` and `POST /auth/passkeys/challenges/`: what a browser needs to make
/// a passkey, or to show one. It is good once, for five minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ceremony<O> {
    /// By which the answer of the browser is told from others.
    pub id: Uuid,
    /// What `PublicKeyCredential.parseCreationOptionsFromJSON` takes, or `parseRequestOptionsFromJSON`.
    pub options: O,
}

/// `POST /auth/passkeys/`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AddPasskey<C> {
    /// The id of the [`Ceremony`].
    pub registration: Uuid,
    /// See [`check_label`](crate::link::check_label).
    pub label: String,
    /// What the browser made, as its `toJSON()` says it.
    pub credential: C,
}

/// `POST /auth/jwt/passkey/`, which signs in, and one of the two ways of `POST /auth/proof/`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShowPasskey<C> {
    /// The id of the [`Ceremony`].
    pub challenge: Uuid,
    /// What the browser made, as its `toJSON()` says it.
    pub credential: C,
}
