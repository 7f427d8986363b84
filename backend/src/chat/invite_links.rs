//! Creation and revocation of invite links.

use shared::{
    event::Event,
    id::{LinkId, UserId},
    invite_link::{CreateInviteLink, INVITE_LINKS_MAX, InviteLink},
    member::Role,
    problem::ProblemCode,
};

use super::transaction::ChatTransaction;
use crate::{
    error::{ApiError, Rejection},
    store::invite_links,
};

/// Creates a link with this secret. Only the owner creates links for moderators.
pub async fn create(
    transaction: &mut ChatTransaction<'_>,
    actor_id: UserId,
    secret: &str,
    new: CreateInviteLink,
) -> Result<InviteLink, ApiError> {
    let least = if new.role == Role::Moderator { Role::Owner } else { Role::Moderator };
    transaction.require_role(actor_id, least).await?;
    let chat_id = transaction.chat.id;
    if invite_links::count_usable(transaction.connection, chat_id).await? >= INVITE_LINKS_MAX {
        let detail = format!("A chat has at most {INVITE_LINKS_MAX} active invite links. Revoke one first.");
        return Err(Rejection::new(ProblemCode::Conflict).detail(detail).into());
    }
    let link_id = invite_links::insert(transaction.connection, chat_id, actor_id, secret, &new).await?;
    let CreateInviteLink { label, role, .. } = new;
    transaction.append_audit(Some(actor_id), &Event::LinkCreated { link_id, label, role }).await?;
    Ok(invite_links::find(transaction.connection, chat_id, link_id).await?)
}

/// Revokes a link. Revoking it again changes nothing.
pub async fn revoke(
    transaction: &mut ChatTransaction<'_>,
    actor_id: UserId,
    link_id: LinkId,
) -> Result<(), ApiError> {
    transaction.require_role(actor_id, Role::Moderator).await?;
    let link = invite_links::find(transaction.connection, transaction.chat.id, link_id).await?;
    if link.revoked_at.is_none() {
        invite_links::revoke(transaction.connection, link_id).await?;
        invite_links::delete_unused(transaction.connection, transaction.chat.id).await?;
        let event = Event::LinkRevoked { link_id, label: link.label };
        transaction.append_audit(Some(actor_id), &event).await?;
    }
    Ok(())
}
