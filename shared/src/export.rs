//! Everything of one's own in a file.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Others are before it.
    Waiting,
    /// It is being written.
    Running,
    /// The file can be had.
    Ready,
    /// It could not be written; it may be tried again.
    Failed,
    /// A state of a newer server.
    #[serde(other)]
    Unknown,
}

/// A file with everything of the caller's own: a ZIP of JSON and pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Export {
    /// By which it is asked for.
    pub id: Uuid,
    /// How far it is.
    pub state: State,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// How many messages are written,
    pub done: u64,
    /// of how many.
    pub total: u64,
    /// The size of the file in bytes, once it is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// When the file goes, once it is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// The answer to `GET /auth/exports/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exports {
    /// Those of the last day, the newest first.
    pub exports: Vec<Export>,
}
