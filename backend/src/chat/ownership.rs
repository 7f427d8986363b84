//! Ownership of a chat: transfer by the owner, and reassignment when the owner leaves or deletes their account. A transfer
//! needs no consent, because the new owner can leave at any time.

use shared::{
    event::Event,
    id::UserId,
    member::{Member, MembershipStatus, Role},
    problem::ProblemCode,
};

use super::transaction::ChatTransaction;
use crate::{
    error::{ApiError, Rejection},
    store::members,
};

/// The owner makes another member the owner, who must own fewer than `owned_max` chats; returns that member.
pub async fn transfer(
    transaction: &mut ChatTransaction<'_>,
    owner_id: UserId,
    target_id: UserId,
    owned_max: usize,
) -> Result<Member, ApiError> {
    // Of two concurrent transfers, the second is rejected.
    transaction.require_role(owner_id, Role::Owner).await?;
    let target = transaction.find_member(target_id).await?.ok_or(ProblemCode::NotFound)?;
    if target_id == owner_id || !target.status.is_member() {
        return Err(ProblemCode::Conflict.into());
    }
    if members::count_owned_chats(transaction.connection, target_id).await? >= owned_max {
        let rejection = Rejection::new(ProblemCode::ChatLimitReached);
        return Err(rejection.detail("This user owns too many chats.").into());
    }
    transaction.set_membership(owner_id, MembershipStatus::Member, Role::Moderator).await?;
    transaction.set_membership(target_id, MembershipStatus::Member, Role::Owner).await?;
    let event = Event::OwnershipTransferred { target: (&target).into() };
    transaction.append_event(owner_id, &event).await?;
    transaction.find_member(target_id).await?.ok_or(ProblemCode::NotFound.into())
}

/// Ends the owner's membership and makes the moderator who joined first the owner, else the first writer, else the first
/// reader, however many chats they own: a chat must not be without an owner. False if there is no other member.
pub async fn reassign_owner(
    transaction: &mut ChatTransaction<'_>,
    former_owner_id: UserId,
) -> Result<bool, ApiError> {
    let chat_id = transaction.chat.id;
    for role in [Role::Moderator, Role::Writer, Role::Reader] {
        let successor =
            members::find_first_with_role(transaction.connection, chat_id, role, former_owner_id).await?;
        if let Some(successor_id) = successor {
            transfer_to(transaction, former_owner_id, successor_id).await?;
            return Ok(true);
        }
    }
    Ok(false)
}

async fn transfer_to(
    transaction: &mut ChatTransaction<'_>,
    former_owner_id: UserId,
    successor_id: UserId,
) -> Result<(), ApiError> {
    let Some(successor) = transaction.find_member(successor_id).await? else { return Ok(()) };
    // The former owner returns as a writer, without approval.
    transaction.set_membership(former_owner_id, MembershipStatus::Left, Role::Moderator).await?;
    transaction.limit_link_role(former_owner_id, Role::Writer).await?;
    transaction.set_membership(successor_id, MembershipStatus::Member, Role::Owner).await?;
    let event = Event::OwnershipTransferred { target: (&successor).into() };
    transaction.append_event(former_owner_id, &event).await
}
