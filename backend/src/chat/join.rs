//! Joining a chat. All of this runs in a transaction under the chat's lock, so that concurrent joins never exceed the
//! use limit of an invite link.

use chrono::{DateTime, Duration, SubsecRound, Utc};
use diesel_async::AsyncPgConnection;
use shared::{
    event::Event,
    id::{ChatId, UserId},
    member::{MembershipStatus, Role},
    problem::{FieldCode, ProblemCode},
    user::User,
};

use super::{
    access_link::{AccessLink, find_access_link},
    transaction::ChatTransaction,
};
use crate::{
    error::{ApiError, Rejection},
    store::{
        invite_links,
        members::{self, Membership, NewMembership},
    },
};

/// How long after a rejected join request the user may request again.
const REQUEST_AGAIN_AFTER: Duration = Duration::minutes(10);

/// The result of [`join`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinOutcome {
    Joined,
    /// A moderator has to approve the join request.
    Pending,
}

/// Joins the chat by one of its URIs, or requests to.
pub async fn join(
    transaction: &mut ChatTransaction<'_>,
    user: &User,
    uri: &str,
) -> Result<JoinOutcome, ApiError> {
    let chat_id = transaction.chat.id;
    let membership = members::find_membership(transaction.connection, chat_id, user.id).await?;
    let link = find_access_link(transaction.connection, &transaction.chat, uri, Some(user.id)).await?;
    if let Some(membership) = membership.filter(|membership| membership.status.is_member()) {
        promote(transaction, user, membership, link).await?;
        return Ok(JoinOutcome::Joined);
    }
    check_not_banned(transaction.connection, chat_id, user.id, membership.as_ref()).await?;
    check_guest_allowed(transaction, user)?;
    let approval_required =
        transaction.chat.approval_required && !is_returning_moderator(membership.as_ref());
    if approval_required && membership.is_some_and(|own| own.status == MembershipStatus::Pending) {
        return Ok(JoinOutcome::Pending);
    }
    check_rejection(membership.as_ref(), Utc::now())?;
    link.check_open()?;
    let (status, outcome) = if approval_required {
        (MembershipStatus::Pending, JoinOutcome::Pending)
    } else {
        (MembershipStatus::Member, JoinOutcome::Joined)
    };
    let role = resolve_role(link, membership.as_ref());
    upsert_member(transaction, NewMembership { user_id: user.id, role, status }).await?;
    // A join request counts as a use, or more users could be approved than the limit allows.
    if let Some(link_id) = link.link_id {
        invite_links::record_use(transaction.connection, link_id, user.id).await?;
    }
    Ok(outcome)
}

/// A moderator adds a user as a writer, or a former member with at most their former role.
pub async fn add_member(
    transaction: &mut ChatTransaction<'_>,
    actor_id: UserId,
    user: &User,
) -> Result<(), ApiError> {
    transaction.require_role(actor_id, Role::Moderator).await?;
    let membership = members::find_membership(transaction.connection, transaction.chat.id, user.id).await?;
    if membership.is_some_and(|membership| membership.status.is_member()) {
        return Ok(());
    }
    check_may_be_added(transaction, actor_id, user, membership.as_ref()).await?;
    check_guest_allowed(transaction, user)?;
    let role = membership.map_or(Role::Writer, |former| former.role.min(Role::Writer));
    let status = MembershipStatus::Member;
    upsert_member(transaction, NewMembership { user_id: user.id, role, status }).await?;
    transaction.append_event(actor_id, &Event::Admitted { target: user.into() }).await
}

/// A user can be added who asked to join, was removed, or shares a chat with the actor. Other users are answered like users
/// who do not exist. Users who left decide themselves whether they return.
async fn check_may_be_added(
    transaction: &mut ChatTransaction<'_>,
    actor_id: UserId,
    user: &User,
    membership: Option<&Membership>,
) -> Result<(), ApiError> {
    let conflict = |detail| Err(Rejection::new(ProblemCode::Conflict).detail(detail).into());
    match membership.map(|membership| membership.status) {
        Some(MembershipStatus::Banned) => conflict("This user is banned. Remove the ban first."),
        Some(MembershipStatus::Left) => conflict("This user has left. Send them the link of the chat."),
        Some(_) => Ok(()),
        None if members::shares_chat(transaction.connection, actor_id, user.id).await? => Ok(()),
        None => Err(Rejection::field("username", FieldCode::NotAChoice).into()),
    }
}

async fn upsert_member(
    transaction: &mut ChatTransaction<'_>,
    membership: NewMembership,
) -> Result<(), ApiError> {
    let (seq, now) = (transaction.next_seq(), Utc::now().trunc_subsecs(3));
    Ok(members::upsert(transaction.connection, transaction.chat.id, membership, seq, now).await?)
}

/// Raises the role of a member to that of an invite link, never lowers it, and never beyond a role given by hand.
async fn promote(
    transaction: &mut ChatTransaction<'_>,
    user: &User,
    membership: Membership,
    link: AccessLink,
) -> Result<(), ApiError> {
    let Some(link_id) = link.link_id else { return Ok(()) };
    let role = resolve_role(link, Some(&membership));
    if link.closed_reason.is_some() || role <= membership.role {
        return Ok(());
    }
    transaction.set_membership(user.id, MembershipStatus::Member, role).await?;
    transaction.append_audit(Some(user.id), &Event::Role { target: user.into(), role }).await?;
    Ok(invite_links::record_use(transaction.connection, link_id, user.id).await?)
}

/// The role that a link gives a user. A reader does not become a writer by the page URL, which every reader knows.
pub(super) fn resolve_role(link: AccessLink, membership: Option<&Membership>) -> Role {
    let Some(membership) = membership else { return link.role };
    let is_reader_by_page = membership.role == Role::Reader && link.link_id.is_none();
    let role = if is_reader_by_page { Role::Reader } else { link.role };
    membership.link_role_max.map_or(role, |max| role.min(max))
}

/// Whether the user left as a moderator: they could have approved their own request.
fn is_returning_moderator(membership: Option<&Membership>) -> bool {
    membership.is_some_and(|former| former.status == MembershipStatus::Left && former.role >= Role::Moderator)
}

fn check_guest_allowed(transaction: &ChatTransaction<'_>, user: &User) -> Result<(), ProblemCode> {
    if user.guest && !transaction.chat.guests_allowed {
        return Err(ProblemCode::GuestsNotAllowed);
    }
    Ok(())
}

/// A user whose join request was rejected has to wait before the next one.
pub(super) fn check_rejection(membership: Option<&Membership>, now: DateTime<Utc>) -> Result<(), ApiError> {
    let rejected = membership.filter(|membership| membership.status == MembershipStatus::Rejected);
    let Some(rejected) = rejected else { return Ok(()) };
    match (rejected.status_changed_at + REQUEST_AGAIN_AFTER - now).to_std() {
        Ok(wait) if !wait.is_zero() => {
            Err(Rejection::new(ProblemCode::JoinRejected).retry_after(wait).into())
        }
        _ => Ok(()),
    }
}

/// Rejects a user who is banned, or who uses the browser of a user who was a guest when they were banned.
pub(super) async fn check_not_banned(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    user_id: UserId,
    membership: Option<&Membership>,
) -> Result<(), ApiError> {
    let is_banned = membership.is_some_and(|membership| membership.status == MembershipStatus::Banned);
    if is_banned || members::shares_browser_with_banned_guest(connection, chat_id, user_id).await? {
        return Err(ProblemCode::Banned.into());
    }
    Ok(())
}
