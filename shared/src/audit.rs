//! What was done in a chat, by whom and when, as those who keep it can read it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{event::Event, user::User};

/// An entry of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Rises from entry to entry.
    pub id: i64,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Who did it; nobody if the server did, by the chat's own rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// What.
    pub act: Event,
}

/// The answer to `GET /api/chats/<uri>/audit/`: a page, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Audit {
    /// The entries, newest first.
    pub entries: Vec<AuditEntry>,
    /// There are older ones: ask for those before the last one's `id`.
    pub earlier: bool,
}
