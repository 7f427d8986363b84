//! Joining a chat. All of this runs in a transaction under the chat's lock, so that concurrent joins never exceed the
//! use limit of an invite link.

use chrono::{DateTime, Duration, SubsecRound, Utc};
use diesel_async::AsyncPgConnection;
use shared::{
    event::Event,
    member::{MembershipStatus, Role},
    problem::ProblemCode,
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
    let (chat_id, approval_required) = (transaction.chat.id, transaction.chat.approval_required);
    let membership = members::find_membership(transaction.connection, chat_id, user.id).await?;
    let link = find_access_link(transaction.connection, &transaction.chat, uri).await?;
    if let Some(membership) = membership.filter(|membership| membership.status.is_member()) {
        promote(transaction, user, membership, link).await?;
        return Ok(JoinOutcome::Joined);
    }
    check_not_banned(transaction.connection, chat_id, user.id, membership.as_ref()).await?;
    check_guest_allowed(transaction, user)?;
    if approval_required && membership.is_some_and(|own| own.status == MembershipStatus::Pending) {
        return Ok(JoinOutcome::Pending);
    }
    check_rejection(membership.as_ref(), Utc::now())?;
    link.check_admits(membership.as_ref())?;
    let (status, outcome) = if approval_required {
        (MembershipStatus::Pending, JoinOutcome::Pending)
    } else {
        (MembershipStatus::Member, JoinOutcome::Joined)
    };
    let role = resolve_role(link, membership.as_ref());
    let new = NewMembership { user_id: user.id, role, status, link_id: link.link_id };
    upsert_member(transaction, new).await?;
    // A join request counts as a use, or more users could be approved than the limit allows.
    if let Some(link_id) = link.link_id.filter(|_| !link.is_link_of(membership.as_ref())) {
        invite_links::count_use(transaction.connection, link_id).await?;
    }
    Ok(outcome)
}

/// A moderator adds a user as a writer.
pub async fn add_member(
    transaction: &mut ChatTransaction<'_>,
    actor_id: i64,
    user: &User,
) -> Result<(), ApiError> {
    transaction.require_role(actor_id, Role::Moderator).await?;
    let membership = members::find_membership(transaction.connection, transaction.chat.id, user.id).await?;
    match membership.map(|membership| membership.status) {
        Some(MembershipStatus::Member) => return Ok(()),
        Some(MembershipStatus::Banned) => {
            let detail = "This user is banned. Remove the ban first.";
            return Err(Rejection::new(ProblemCode::Conflict).detail(detail).into());
        }
        _ => check_guest_allowed(transaction, user)?,
    }
    let link_id = membership.and_then(|membership| membership.link_id);
    let (role, status) = (Role::Writer, MembershipStatus::Member);
    upsert_member(transaction, NewMembership { user_id: user.id, role, status, link_id }).await?;
    transaction.append_event(actor_id, &Event::Admitted { target: user.into() }).await
}

async fn upsert_member(
    transaction: &mut ChatTransaction<'_>,
    membership: NewMembership,
) -> Result<(), ApiError> {
    let (seq, now) = (transaction.next_seq(), Utc::now().trunc_subsecs(3));
    Ok(members::upsert(transaction.connection, transaction.chat.id, membership, seq, now).await?)
}

/// Raises the role of a member to that of an invite link, never lowers it. A link raises a role once: a member who was
/// demoted later does not regain the role by using it again.
async fn promote(
    transaction: &mut ChatTransaction<'_>,
    user: &User,
    membership: Membership,
    link: AccessLink,
) -> Result<(), ApiError> {
    let Some(link_id) = link.link_id else { return Ok(()) };
    if link.closed_reason.is_some() || link.role <= membership.role || link.is_link_of(Some(&membership)) {
        return Ok(());
    }
    transaction.set_membership(user.id, MembershipStatus::Member, link.role).await?;
    members::set_link(transaction.connection, transaction.chat.id, user.id, link_id).await?;
    transaction.append_audit(Some(user.id), &Event::Role { target: user.into(), role: link.role }).await?;
    Ok(invite_links::count_use(transaction.connection, link_id).await?)
}

/// A former member who returns by the same link does not exceed the former role. A reader does not become a writer by
/// the page URL, which every reader knows.
fn resolve_role(link: AccessLink, membership: Option<&Membership>) -> Role {
    match membership {
        Some(membership) if link.is_link_of(Some(membership)) => link.role.min(membership.role),
        Some(membership) if membership.role == Role::Reader && link.link_id.is_none() => Role::Reader,
        _ => link.role,
    }
}

fn check_guest_allowed(transaction: &ChatTransaction<'_>, user: &User) -> Result<(), ProblemCode> {
    if user.guest && !transaction.chat.guests_allowed {
        return Err(ProblemCode::GuestsNotAllowed);
    }
    Ok(())
}

fn check_rejection(membership: Option<&Membership>, now: DateTime<Utc>) -> Result<(), ApiError> {
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
    chat_id: i64,
    user_id: i64,
    membership: Option<&Membership>,
) -> Result<(), ApiError> {
    let is_banned = membership.is_some_and(|membership| membership.status == MembershipStatus::Banned);
    if is_banned || members::shares_browser_with_banned_guest(connection, chat_id, user_id).await? {
        return Err(ProblemCode::Banned.into());
    }
    Ok(())
}
