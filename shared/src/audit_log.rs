//! The audit log of a chat: who did what, and when.

use serde::{Deserialize, Serialize};

use crate::{
    event::Event,
    time::{DateTime, Utc},
    user::User,
};

/// One entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Increases from entry to entry.
    pub id: i64,
    /// When it was done.
    pub created_at: DateTime<Utc>,
    /// The user who did it; left out if the server did it by the chat's own rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// What was done.
    pub action: Event,
}

/// The response of `GET /api/chats/<uri>/audit/`: one page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditLogResponse {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// Whether there are older entries: request them with the last entry's `id` as `before`.
    pub earlier: bool,
}
