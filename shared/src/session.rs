//! Sessions: sign-ins of an account.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::{DateTime, Utc};

/// One active session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionInfo {
    /// Identifies the session.
    pub id: Uuid,
    /// The browser or program, such as `Firefox`; empty if unknown.
    pub user_agent: String,
    /// The operating system, such as `Android`; empty if unknown.
    pub os: String,
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to within a few minutes.
    pub used_at: DateTime<Utc>,
    /// Whether it is the session of the request.
    pub current: bool,
}

/// The response of `GET /auth/sessions/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionsResponse {
    /// The active sessions, last used first.
    pub sessions: Vec<SessionInfo>,
}
