//! Who may do what to whom: the server's rules, so that nothing is offered that it would refuse.

use shared::member::{Member, Role, Standing};

/// What can be done to a person in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Admit,
    Refuse,
    Give(Role),
    /// Deletes what they wrote in the last minutes.
    Erase(u32),
    Remove,
    Ban,
    Unban,
    HandOver,
}

impl Deed {
    /// It cannot be taken back, or not easily: to be asked for twice.
    pub const fn is_grave(self) -> bool {
        matches!(self, Self::Erase(_) | Self::Ban | Self::HandOver)
    }
}

/// Oneself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Me {
    pub id: i64,
    pub role: Role,
}

impl Me {
    pub fn keeps_order(self) -> bool {
        self.role >= Role::Moderator
    }

    pub fn owns(self) -> bool {
        self.role == Role::Owner
    }

    /// What one may do to this person, the mildest first.
    pub fn deeds(self, member: &Member) -> Vec<Deed> {
        let role = member.role;
        match member.standing {
            _ if member.user.id == self.id || !self.commands(role) => Vec::new(),
            Standing::In => {
                let roles = [Role::Moderator, Role::Writer, Role::Reader].into_iter();
                let roles = roles.filter(|other| self.owns() && *other != role).map(Deed::Give);
                let own = self.owns().then_some(Deed::HandOver);
                roles.chain(own).chain([Deed::Erase(5), Deed::Erase(60), Deed::Remove, Deed::Ban]).collect()
            }
            Standing::Knocking => vec![Deed::Admit, Deed::Refuse],
            Standing::Banned => vec![Deed::Unban],
            Standing::Refused | Standing::Left | Standing::Removed => Vec::new(),
        }
    }

    /// Whether one may delete what this person wrote: their own, or to keep order.
    pub fn may_delete(self, author: i64) -> bool {
        author == self.id || self.keeps_order()
    }

    /// Nobody stands above the owner, and moderators leave each other alone.
    fn commands(self, role: Role) -> bool {
        self.keeps_order() && self.role > role
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use shared::user::User;

    use super::*;

    fn me(role: Role) -> Me {
        Me { id: 1, role }
    }

    fn member(id: i64, role: Role, standing: Standing) -> Member {
        let user = User { id, username: "brian".into(), ..User::default() };
        Member { user, role, standing, seq: 1, revision: 1, created_at: DateTime::UNIX_EPOCH }
    }

    fn deeds(mine: Role, role: Role, standing: Standing) -> Vec<Deed> {
        me(mine).deeds(&member(2, role, standing))
    }

    #[test]
    fn the_owner_may_do_everything_to_everyone_but_themself() {
        let all = deeds(Role::Owner, Role::Writer, Standing::In);
        for deed in [Deed::Give(Role::Moderator), Deed::Give(Role::Reader), Deed::Ban, Deed::HandOver] {
            assert!(all.contains(&deed), "{deed:?}");
        }
        assert!(!all.contains(&Deed::Give(Role::Writer)), "that they are");
        assert!(deeds(Role::Owner, Role::Moderator, Standing::In).contains(&Deed::Remove));
        assert!(me(Role::Owner).deeds(&member(1, Role::Owner, Standing::In)).is_empty());
    }

    #[test]
    fn moderators_act_on_readers_and_writers_alone_and_give_no_roles() {
        let some = deeds(Role::Moderator, Role::Writer, Standing::In);
        assert_eq!(some, [Deed::Erase(5), Deed::Erase(60), Deed::Remove, Deed::Ban]);
        assert!(deeds(Role::Moderator, Role::Moderator, Standing::In).is_empty());
        assert!(deeds(Role::Moderator, Role::Owner, Standing::In).is_empty());
    }

    #[test]
    fn readers_and_writers_act_on_nobody() {
        for mine in [Role::Reader, Role::Writer] {
            for standing in [Standing::In, Standing::Knocking, Standing::Banned] {
                assert!(deeds(mine, Role::Reader, standing).is_empty());
            }
        }
    }

    #[test]
    fn whoever_knocks_is_let_in_or_not_and_a_ban_is_lifted() {
        assert_eq!(deeds(Role::Moderator, Role::Writer, Standing::Knocking), [Deed::Admit, Deed::Refuse]);
        assert_eq!(deeds(Role::Moderator, Role::Writer, Standing::Banned), [Deed::Unban]);
        assert!(deeds(Role::Owner, Role::Writer, Standing::Left).is_empty());
    }

    #[test]
    fn everyone_deletes_their_own_and_whoever_keeps_order_anything() {
        assert!(me(Role::Writer).may_delete(1) && !me(Role::Writer).may_delete(2));
        assert!(me(Role::Moderator).may_delete(2) && me(Role::Owner).may_delete(2));
    }
}
