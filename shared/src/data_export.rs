//! Exports of all data of an account, and of chats.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::{DateTime, Utc};

/// The state of a [`DataExport`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    /// Queued.
    Waiting,
    /// The file is being written.
    Running,
    /// The file can be downloaded.
    Ready,
    /// The export failed and can be requested again.
    Failed,
    /// A state from a newer server.
    #[serde(other)]
    Unknown,
}

/// An export: a ZIP file of all the caller's data, or of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataExport {
    /// Identifies the export.
    pub id: Uuid,
    /// The current state.
    pub state: ExportState,
    /// When it was requested.
    pub created_at: DateTime<Utc>,
    /// How many messages and files are written.
    pub done: u64,
    /// How many messages and files there are.
    pub total: u64,
    /// The size of the file in bytes, once it is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// When the file will be deleted, once it is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// The response of `GET /auth/exports/` and of `GET /api/chats/<uri>/exports/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataExportsResponse {
    /// Those of the last day, newest first.
    pub exports: Vec<DataExport>,
}
