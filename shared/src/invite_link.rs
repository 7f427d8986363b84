//! Invite links: further ways into a chat beside its page URL.

use serde::{Deserialize, Serialize};

use crate::{
    id::LinkId,
    member::{Member, Role},
    problem::FieldCode,
    text::check_single_line,
    time::{DateTime, Utc},
    user::User,
};

/// The longest label, in characters.
pub const LABEL_MAX: usize = 100;
/// The greatest use limit of one link.
pub const INVITE_LINK_USES_MAX: u32 = 100_000;
/// How many links of a chat can be active at once.
pub const INVITE_LINKS_MAX: i64 = 100;

/// An invite link, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InviteLink {
    /// Never changes.
    pub id: LinkId,
    /// A note of its creator; may be empty.
    pub label: String,
    /// The role it gives.
    pub role: Role,
    /// The member who created it.
    pub created_by: User,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it expires.
    pub expires_at: Option<DateTime<Utc>>,
    /// The use limit.
    pub max_uses: Option<u32>,
    /// How many users have joined by it.
    pub uses: u32,
    /// When it was revoked. Members who joined by it stay.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// `POST /api/chats/<uri>/links/`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateInviteLink {
    /// May be empty.
    #[serde(default)]
    pub label: String,
    /// `reader`, `writer` or `moderator`.
    pub role: Role,
    /// Seconds until it expires; left out for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// The use limit, 1 to [`INVITE_LINK_USES_MAX`]; left out for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u32>,
}

/// The response of [`CreateInviteLink`], the only one that contains the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InviteLinkCreated {
    /// The new link.
    pub link: InviteLink,
    /// The link's page is `/chats/<secret>`.
    pub secret: String,
}

/// The response of `GET /api/chats/<uri>/links/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InviteLinksResponse {
    /// Newest first.
    pub links: Vec<InviteLink>,
}

/// The response of `GET /api/chats/<uri>/links/<id>/members/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InviteLinkUse {
    /// All who joined by the link, whatever their membership status is now.
    pub members: Vec<Member>,
}

/// Accepts one line of at most [`LABEL_MAX`] characters.
pub fn check_label(label: &str) -> Result<(), FieldCode> {
    check_single_line(label, LABEL_MAX)
}
