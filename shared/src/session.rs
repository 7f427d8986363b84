//! What a person is signed in to: each sign-in begins a session, wherever it was.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One sign-in that is still good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// By which it is ended.
    pub id: Uuid,
    /// The browser or program that it was begun with, such as `Firefox`; empty if it did not say.
    pub program: String,
    /// The system below that, such as `Android`; empty if it did not say.
    pub system: String,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it was last used, give or take a few minutes.
    pub used_at: DateTime<Utc>,
    /// The one that asks.
    pub current: bool,
}

/// The answer to `GET /auth/sessions/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sessions {
    /// All that are good, the last used first.
    pub sessions: Vec<Session>,
}
