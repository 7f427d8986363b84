//! Links: invitations to a chat beside its page URL.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    chat::check_line,
    member::{Member, Role},
    problem::FieldCode,
    user::User,
};

/// The longest label, in characters.
pub const LABEL_MAX: usize = 100;
/// How many people one link may let in at most, if it says so at all.
pub const USES_MAX: u32 = 100_000;
/// How many links a chat may have that work.
pub const LINKS_MAX: i64 = 100;

/// A link, without the secret: that is shown once, to whoever made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Link {
    /// The number by which the link is known for good.
    pub id: i64,
    /// What it is for, in its maker's words; may be empty.
    pub label: String,
    /// What it lets people do.
    pub role: Role,
    /// Who made it.
    pub created_by: User,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops to work.
    pub expires_at: Option<DateTime<Utc>>,
    /// How many people it lets in.
    pub uses_max: Option<u32>,
    /// How many it has let in.
    pub uses: u32,
    /// When it was revoked. Whom it let in stays.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// `POST /api/chats/<uri>/links/`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MakeLink {
    /// May be empty.
    #[serde(default)]
    pub label: String,
    /// `reader`, `writer` or `moderator`.
    pub role: Role,
    /// Seconds for which it works; for good without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// How many people it lets in, 1 to [`USES_MAX`]; any number without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_max: Option<u32>,
}

/// The answer to [`MakeLink`]: the only time that the secret is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Made {
    /// The link.
    pub link: Link,
    /// Where it leads in: `/chats/<secret>`.
    pub secret: String,
}

/// The answer to `GET /api/chats/<uri>/links/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Links {
    /// Those that were made, newest first.
    pub links: Vec<Link>,
}

/// The answer to `GET /api/chats/<uri>/links/<id>/members/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CameBy {
    /// Who came by the link, whatever became of them.
    pub members: Vec<Member>,
}

/// A label is one line of at most [`LABEL_MAX`] characters.
pub fn check_label(label: &str) -> Result<(), FieldCode> {
    check_line(label, LABEL_MAX)
}
