//! Moderation: who may do what to which member, and what it changes. Also leaving a chat.

use shared::{
    event::{Event, UserRef},
    id::UserId,
    member::{Member, MembershipStatus, Role},
    problem::ProblemCode,
};

use super::{ownership, transaction::ChatTransaction};
use crate::{error::ApiError, store::invite_links};

/// A change of the status or role of another member. Handing over the chat and deleting messages are commands of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembershipAction {
    Admit,
    Reject,
    Remove,
    Ban,
    Unban,
    SetRole(Role),
}

/// The member who acts.
#[derive(Clone, Copy, Debug)]
pub struct Moderator {
    pub id: UserId,
    pub role: Role,
}

impl MembershipAction {
    /// The status and role of the target after the action, or why the moderator may not do that.
    pub fn transition(
        self,
        target: &Member,
        moderator: Moderator,
    ) -> Result<(MembershipStatus, Role), ProblemCode> {
        if !self.is_allowed(target, moderator) {
            return Err(ProblemCode::Forbidden);
        }
        // A moderator who is removed and returns is a writer.
        let demoted = target.role.min(Role::Writer);
        match (self, target.status) {
            (Self::Admit, MembershipStatus::Pending) => Ok((MembershipStatus::Member, target.role)),
            (Self::Reject, MembershipStatus::Pending) => Ok((MembershipStatus::Rejected, demoted)),
            (Self::Remove, MembershipStatus::Member) => Ok((MembershipStatus::Removed, demoted)),
            (Self::Unban, MembershipStatus::Banned) => Ok((MembershipStatus::Left, demoted)),
            (Self::Ban, status) if status != MembershipStatus::Banned => {
                Ok((MembershipStatus::Banned, demoted))
            }
            (Self::SetRole(role), MembershipStatus::Member) if role != target.role => {
                Ok((MembershipStatus::Member, role))
            }
            _ => Err(ProblemCode::Conflict),
        }
    }

    /// A member cannot act on themselves or on the owner. A moderator cannot act on other moderators, nor make one, also
    /// not by admitting one.
    fn is_allowed(self, target: &Member, moderator: Moderator) -> bool {
        let is_moderator = target.role >= Role::Moderator && target.status != MembershipStatus::Left;
        let has_role = match moderator.role {
            Role::Owner => true,
            Role::Moderator => !matches!(self, Self::SetRole(_)) && !is_moderator,
            Role::Writer | Role::Reader => false,
        };
        let is_possible_target = target.user.id != moderator.id && target.role != Role::Owner;
        has_role && is_possible_target && self != Self::SetRole(Role::Owner)
    }

    /// Whether the target is no moderator afterwards, if they were one.
    fn ends_moderation(self) -> bool {
        match self {
            Self::Remove | Self::Ban => true,
            Self::SetRole(role) => role < Role::Moderator,
            Self::Admit | Self::Reject | Self::Unban => false,
        }
    }

    fn event(self, target: UserRef) -> Event {
        match self {
            Self::Admit => Event::Admitted { target },
            Self::Reject => Event::Rejected { target },
            Self::Remove => Event::Removed { target },
            Self::Ban => Event::Banned { target },
            Self::Unban => Event::Unbanned { target },
            Self::SetRole(role) => Event::Role { target, role },
        }
    }
}

/// Carries out the action; returns the changed member.
pub async fn moderate(
    transaction: &mut ChatTransaction<'_>,
    actor_id: UserId,
    target_id: UserId,
    action: MembershipAction,
) -> Result<Member, ApiError> {
    // The actor may have been demoted since the request was authorized.
    let role = transaction.require_role(actor_id, Role::Moderator).await?;
    let target = transaction.find_member(target_id).await?.ok_or(ProblemCode::NotFound)?;
    let (status, new_role) = action.transition(&target, Moderator { id: actor_id, role })?;
    transaction.set_membership(target_id, status, new_role).await?;
    if new_role != target.role {
        transaction.limit_link_role(target_id, new_role).await?;
    }
    transaction.append_event(actor_id, &action.event((&target).into())).await?;
    if action.ends_moderation() {
        revoke_links(transaction, actor_id, target_id).await?;
    }
    transaction.find_member(target_id).await?.ok_or(ProblemCode::NotFound.into())
}

/// Revokes the links of someone who may not create links any more: they know the secrets.
async fn revoke_links(
    transaction: &mut ChatTransaction<'_>,
    actor_id: UserId,
    creator_id: UserId,
) -> Result<(), ApiError> {
    let chat_id = transaction.chat.id;
    for (link_id, label) in
        invite_links::revoke_created_by(transaction.connection, chat_id, creator_id).await?
    {
        transaction.append_audit(Some(actor_id), &Event::LinkRevoked { link_id, label }).await?;
    }
    Ok(())
}

/// Leaves the chat, or withdraws a join request. The owner passes the ownership on.
pub async fn leave(transaction: &mut ChatTransaction<'_>, user_id: UserId) -> Result<(), ApiError> {
    let member = transaction.find_member(user_id).await?.ok_or(ProblemCode::ChatNotFound)?;
    match (member.status, member.role) {
        (MembershipStatus::Member, Role::Owner) => {
            if !ownership::reassign_owner(transaction, user_id).await? {
                return Err(ProblemCode::OwnerCannotLeave.into());
            }
            transaction.append_event(user_id, &Event::Left).await
        }
        (MembershipStatus::Member, role) => {
            // The row keeps the role, so that a moderator needs no approval to return, but as a writer.
            transaction.set_membership(user_id, MembershipStatus::Left, role).await?;
            if role > Role::Writer {
                transaction.limit_link_role(user_id, Role::Writer).await?;
            }
            transaction.append_event(user_id, &Event::Left).await
        }
        (MembershipStatus::Pending, role) => {
            let role = role.min(Role::Writer);
            transaction.set_membership(user_id, MembershipStatus::Left, role).await
        }
        _ => Err(ProblemCode::ChatNotFound.into()),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use shared::{id::Seq, user::User};

    use super::*;

    const ROLES: [Role; 4] = [Role::Reader, Role::Writer, Role::Moderator, Role::Owner];
    const STATUSES: [MembershipStatus; 6] = [
        MembershipStatus::Member,
        MembershipStatus::Pending,
        MembershipStatus::Rejected,
        MembershipStatus::Left,
        MembershipStatus::Removed,
        MembershipStatus::Banned,
    ];
    const ACTIONS: [MembershipAction; 8] = [
        MembershipAction::Admit,
        MembershipAction::Reject,
        MembershipAction::Remove,
        MembershipAction::Ban,
        MembershipAction::Unban,
        MembershipAction::SetRole(Role::Reader),
        MembershipAction::SetRole(Role::Writer),
        MembershipAction::SetRole(Role::Moderator),
    ];

    const ADA: UserId = UserId::new(1);
    const EVE: UserId = UserId::new(2);

    fn eve(role: Role, status: MembershipStatus) -> Member {
        let user = User { id: EVE, username: "eve".into(), ..User::default() };
        Member {
            user,
            role,
            status,
            seq: Seq::new(2),
            revision: Seq::new(2),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    fn ada(role: Role) -> Moderator {
        Moderator { id: ADA, role }
    }

    #[test]
    fn moderation_needs_a_role_and_a_valid_target() {
        for (action, role, status) in all_cases() {
            let forbidden = Err(ProblemCode::Forbidden);
            for actor in ROLES {
                let owner = eve(Role::Owner, status);
                assert_eq!(action.transition(&owner, ada(actor)), forbidden, "{action:?} {actor:?}");
                let herself = Moderator { id: EVE, role: actor };
                assert_eq!(action.transition(&eve(role, status), herself), forbidden, "{action:?} {actor:?}");
            }
            for actor in [Role::Reader, Role::Writer] {
                let result = action.transition(&eve(role, status), ada(actor));
                assert_eq!(result, forbidden, "{action:?} {actor:?}");
            }
        }
    }

    #[test]
    fn moderator_cannot_set_roles_or_act_on_moderators() {
        for (action, role, status) in all_cases() {
            let target = eve(role, status);
            let by_moderator = action.transition(&target, ada(Role::Moderator));
            let is_moderator = role == Role::Moderator && status != MembershipStatus::Left;
            if matches!(action, MembershipAction::SetRole(_)) || is_moderator {
                assert_eq!(by_moderator, Err(ProblemCode::Forbidden), "{action:?} {target:?}");
            } else {
                assert_eq!(
                    by_moderator,
                    action.transition(&target, ada(Role::Owner)),
                    "{action:?} {target:?}"
                );
            }
        }
    }

    #[test]
    fn each_status_allows_its_actions() {
        use MembershipStatus::{Banned, Left, Member, Pending, Rejected, Removed};
        for status in STATUSES {
            let target = eve(Role::Writer, status);
            let by_owner = |action: MembershipAction| action.transition(&target, ada(Role::Owner));
            let expected = match status {
                Member => [None, None, Some(Removed), Some(Banned), None],
                Pending => [Some(Member), Some(Rejected), None, Some(Banned), None],
                Banned => [None, None, None, None, Some(Left)],
                _ => [None, None, None, Some(Banned), None],
            };
            let statuses = [
                MembershipAction::Admit,
                MembershipAction::Reject,
                MembershipAction::Remove,
                MembershipAction::Ban,
                MembershipAction::Unban,
            ]
            .map(|action| by_owner(action).ok().map(|(status, _)| status));
            assert_eq!(statuses, expected, "{status:?}");
            let expected =
                if status == Member { Ok((Member, Role::Reader)) } else { Err(ProblemCode::Conflict) };
            assert_eq!(by_owner(MembershipAction::SetRole(Role::Reader)), expected, "{status:?}");
        }
    }

    #[test]
    fn removed_moderator_is_demoted_to_writer() {
        let moderator = eve(Role::Moderator, MembershipStatus::Member);
        let removed = MembershipAction::Remove.transition(&moderator, ada(Role::Owner));
        assert_eq!(removed, Ok((MembershipStatus::Removed, Role::Writer)));
        let banned =
            MembershipAction::Ban.transition(&eve(Role::Reader, MembershipStatus::Member), ada(Role::Owner));
        assert_eq!(banned, Ok((MembershipStatus::Banned, Role::Reader)));
    }

    fn all_cases() -> impl Iterator<Item = (MembershipAction, Role, MembershipStatus)> {
        ACTIONS.into_iter().flat_map(|action| {
            let roles = [Role::Reader, Role::Writer, Role::Moderator].into_iter();
            roles.flat_map(move |role| STATUSES.into_iter().map(move |status| (action, role, status)))
        })
    }
}
