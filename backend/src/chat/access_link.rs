//! Access links: the page URL, former URIs and invite links, and whom they admit.

use chrono::Utc;
use diesel_async::AsyncPgConnection;
use shared::{member::Role, problem::ProblemCode};

use crate::store::{
    StoreError,
    chats::ChatRow,
    invite_links::{self, InviteLinkRow},
    members::Membership,
};

/// What a URI that leads to a chat admits to.
#[derive(Clone, Copy, Debug)]
pub struct AccessLink {
    /// The role of users who join by it.
    pub role: Role,
    /// The invite link; `None` is the page URL.
    pub link_id: Option<i64>,
    /// Why it admits no new members, if so.
    pub closed_reason: Option<ProblemCode>,
}

impl AccessLink {
    /// Rejects a user with this membership if the link does not admit them. A user who joined by an invite link before
    /// does not count against its limit again.
    pub fn check_admits(&self, membership: Option<&Membership>) -> Result<(), ProblemCode> {
        match self.closed_reason {
            None => Ok(()),
            Some(ProblemCode::LinkUseLimitReached) if self.is_link_of(membership) => Ok(()),
            Some(reason) => Err(reason),
        }
    }

    /// Whether this is the invite link that the user joined by.
    pub fn is_link_of(&self, membership: Option<&Membership>) -> bool {
        self.link_id.is_some() && membership.is_some_and(|membership| membership.link_id == self.link_id)
    }
}

/// What a current or former URI or the secret of an invite link admits to. The URI is known to lead to this chat.
pub async fn find_access_link(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    uri: &str,
) -> Result<AccessLink, StoreError> {
    if uri == chat.uri {
        let closed_reason = (!chat.link_open).then_some(ProblemCode::LinkClosed);
        return Ok(AccessLink { role: Role::Writer, link_id: None, closed_reason });
    }
    let link = invite_links::find_by_secret(connection, chat.id, uri).await?;
    Ok(link.map_or(
        // A former URI.
        AccessLink { role: Role::Writer, link_id: None, closed_reason: Some(ProblemCode::LinkRevoked) },
        |link| AccessLink { role: link.role, link_id: Some(link.id), closed_reason: closed_reason(&link) },
    ))
}

fn closed_reason(link: &InviteLinkRow) -> Option<ProblemCode> {
    if link.revoked_at.is_some() {
        Some(ProblemCode::LinkRevoked)
    } else if link.expires_at.is_some_and(|end| end <= Utc::now()) {
        Some(ProblemCode::LinkExpired)
    } else if link.max_uses.is_some_and(|max| link.uses >= max) {
        Some(ProblemCode::LinkUseLimitReached)
    } else {
        None
    }
}
