//! Access links: the page URL, former URIs and invite links, and whom they admit.

use chrono::Utc;
use diesel_async::AsyncPgConnection;
use shared::{
    id::{LinkId, UserId},
    member::Role,
    problem::ProblemCode,
};

use crate::store::{
    StoreError,
    chats::ChatRow,
    invite_links::{self, InviteLinkRow},
};

/// What a URI that leads to a chat admits to.
#[derive(Clone, Copy, Debug)]
pub struct AccessLink {
    /// The role of users who join by it.
    pub role: Role,
    /// The invite link; `None` is the page URL.
    pub link_id: Option<LinkId>,
    /// Why it admits no new members, if so.
    pub closed_reason: Option<ProblemCode>,
}

impl AccessLink {
    /// Rejects new members if the link admits none.
    pub fn check_open(&self) -> Result<(), ProblemCode> {
        self.closed_reason.map_or(Ok(()), Err)
    }
}

/// What a current or former URI or the secret of an invite link admits a user to. The URI is known to lead to this chat.
pub async fn find_access_link(
    connection: &mut AsyncPgConnection,
    chat: &ChatRow,
    uri: &str,
    user_id: Option<UserId>,
) -> Result<AccessLink, StoreError> {
    if uri == chat.uri {
        let closed_reason = (!chat.link_open).then_some(ProblemCode::LinkClosed);
        return Ok(AccessLink { role: Role::Writer, link_id: None, closed_reason });
    }
    let Some(link) = invite_links::find_by_secret(connection, chat.id, uri).await? else {
        // A former URI.
        let closed_reason = Some(ProblemCode::LinkRevoked);
        return Ok(AccessLink { role: Role::Writer, link_id: None, closed_reason });
    };
    let mut closed_reason = closed_reason(&link);
    if let (Some(ProblemCode::LinkUseLimitReached), Some(user_id)) = (closed_reason, user_id)
        && invite_links::is_used_by(connection, link.id, user_id).await?
    {
        // A user counts once: they may use the link again.
        closed_reason = None;
    }
    Ok(AccessLink { role: link.role, link_id: Some(link.id), closed_reason })
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
