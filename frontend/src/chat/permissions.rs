//! Which actions a member can take: the rules of the server, so that no action is offered that it would reject.

use shared::{
    chat::Chat,
    id::UserId,
    member::{Member, MembershipStatus, Role},
};

/// What can be done to a user in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModerationAction {
    Approve,
    Reject,
    ChangeRole(Role),
    /// Deletes the messages that they sent in the last minutes.
    DeleteRecent {
        minutes: u32,
    },
    Remove,
    Ban,
    Unban,
    TransferOwnership,
}

impl ModerationAction {
    /// Whether it is hard or impossible to undo.
    pub const fn needs_confirmation(self) -> bool {
        matches!(self, Self::DeleteRecent { .. } | Self::Ban | Self::TransferOwnership)
    }
}

/// The user of this page as a member of the open chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentMember {
    pub user_id: UserId,
    pub role: Role,
}

impl CurrentMember {
    /// Whether the role is moderator or higher.
    pub fn is_moderator(self) -> bool {
        self.role >= Role::Moderator
    }

    /// Whether the chat link is offered for sharing. It lets people in as writers, which readers are not to do.
    pub fn can_share_link(self) -> bool {
        self.role > Role::Reader
    }

    /// Whether the member may react to messages.
    pub fn can_react(self, chat: &Chat) -> bool {
        self.role > Role::Reader && !chat.closed
    }

    pub fn is_owner(self) -> bool {
        self.role == Role::Owner
    }

    /// The actions on this user, the mildest first.
    pub fn available_actions(self, target: &Member) -> Vec<ModerationAction> {
        use ModerationAction::{
            Approve, Ban, ChangeRole, DeleteRecent, Reject, Remove, TransferOwnership, Unban,
        };
        let role = target.role;
        match target.status {
            _ if target.user.id == self.user_id || !self.outranks(role) => Vec::new(),
            MembershipStatus::Member => {
                let roles = [Role::Moderator, Role::Writer, Role::Reader].into_iter();
                let roles = roles.filter(|other| self.is_owner() && *other != role).map(ChangeRole);
                let transfer = self.is_owner().then_some(TransferOwnership);
                let [few, many] = [5, 60].map(|minutes| DeleteRecent { minutes });
                roles.chain(transfer).chain([few, many, Remove, Ban]).collect()
            }
            MembershipStatus::Pending => vec![Approve, Reject],
            MembershipStatus::Banned => vec![Unban],
            MembershipStatus::Rejected | MembershipStatus::Left | MembershipStatus::Removed => Vec::new(),
        }
    }

    /// Authors delete their own messages, moderators any.
    pub fn can_delete(self, author_id: UserId) -> bool {
        author_id == self.user_id || self.is_moderator()
    }

    /// The owner ranks highest; moderators cannot act on each other.
    fn outranks(self, role: Role) -> bool {
        self.is_moderator() && self.role > role
    }
}

#[cfg(test)]
mod tests {
    use shared::{id::Seq, time::DateTime, user::User};

    use super::*;

    const ME: UserId = UserId::new(1);
    const BRIAN: UserId = UserId::new(2);

    fn current(role: Role) -> CurrentMember {
        CurrentMember { user_id: ME, role }
    }

    fn member(id: UserId, role: Role, status: MembershipStatus) -> Member {
        let (seq, user) = (Seq::new(1), User { id, username: "brian".into(), ..User::default() });
        Member { user, role, status, seq, revision: seq, created_at: DateTime::UNIX_EPOCH }
    }

    fn actions(own_role: Role, role: Role, status: MembershipStatus) -> Vec<ModerationAction> {
        current(own_role).available_actions(&member(BRIAN, role, status))
    }

    #[test]
    fn owner_has_all_actions_on_all_but_themself() {
        let all = actions(Role::Owner, Role::Writer, MembershipStatus::Member);
        for action in [
            ModerationAction::ChangeRole(Role::Moderator),
            ModerationAction::ChangeRole(Role::Reader),
            ModerationAction::Ban,
            ModerationAction::TransferOwnership,
        ] {
            assert!(all.contains(&action), "{action:?}");
        }
        assert!(!all.contains(&ModerationAction::ChangeRole(Role::Writer)), "it is their role already");
        let on_moderator = actions(Role::Owner, Role::Moderator, MembershipStatus::Member);
        assert!(on_moderator.contains(&ModerationAction::Remove));
        let owner = member(ME, Role::Owner, MembershipStatus::Member);
        assert!(current(Role::Owner).available_actions(&owner).is_empty());
    }

    #[test]
    fn moderator_acts_only_on_readers_and_writers() {
        let some = actions(Role::Moderator, Role::Writer, MembershipStatus::Member);
        assert_eq!(
            some,
            [
                ModerationAction::DeleteRecent { minutes: 5 },
                ModerationAction::DeleteRecent { minutes: 60 },
                ModerationAction::Remove,
                ModerationAction::Ban
            ]
        );
        assert!(actions(Role::Moderator, Role::Moderator, MembershipStatus::Member).is_empty());
        assert!(actions(Role::Moderator, Role::Owner, MembershipStatus::Member).is_empty());
    }

    #[test]
    fn readers_and_writers_have_no_actions() {
        for own_role in [Role::Reader, Role::Writer] {
            for status in [MembershipStatus::Member, MembershipStatus::Pending, MembershipStatus::Banned] {
                assert!(actions(own_role, Role::Reader, status).is_empty());
            }
        }
    }

    #[test]
    fn pending_and_banned_users_have_their_actions() {
        assert_eq!(
            actions(Role::Moderator, Role::Writer, MembershipStatus::Pending),
            [ModerationAction::Approve, ModerationAction::Reject]
        );
        assert_eq!(
            actions(Role::Moderator, Role::Writer, MembershipStatus::Banned),
            [ModerationAction::Unban]
        );
        assert!(actions(Role::Owner, Role::Writer, MembershipStatus::Left).is_empty());
    }

    #[test]
    fn author_or_moderator_can_delete_message() {
        assert!(current(Role::Writer).can_delete(ME) && !current(Role::Writer).can_delete(BRIAN));
        assert!(current(Role::Moderator).can_delete(BRIAN) && current(Role::Owner).can_delete(BRIAN));
    }
}
