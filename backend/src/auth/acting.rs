//! What those who keep a chat may do to whom: the whole of it, as one rule.

use shared::{
    member::{Member, Role, Standing},
    problem::ProblemCode,
};

/// What is done to somebody's place in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Admit,
    Refuse,
    Remove,
    Ban,
    Unban,
    Give(Role),
}

/// Somebody who acts.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    pub id: i64,
    pub role: Role,
}

impl Act {
    /// What the other one is afterwards, if the actor may do that to them.
    pub fn on(self, other: &Member, actor: Actor) -> Result<(Standing, Role), ProblemCode> {
        if !self.is_allowed(other, actor) {
            return Err(ProblemCode::Forbidden);
        }
        // Whoever is sent out and comes back is nobody special.
        let plain = other.role.min(Role::Writer);
        match (self, other.standing) {
            (Self::Admit, Standing::Knocking) => Ok((Standing::In, other.role)),
            (Self::Refuse, Standing::Knocking) => Ok((Standing::Refused, plain)),
            (Self::Remove, Standing::In) => Ok((Standing::Removed, plain)),
            (Self::Unban, Standing::Banned) => Ok((Standing::Left, plain)),
            (Self::Ban, standing) if standing != Standing::Banned => Ok((Standing::Banned, plain)),
            (Self::Give(role), Standing::In) if role != other.role => Ok((Standing::In, role)),
            _ => Err(ProblemCode::Conflict),
        }
    }

    /// Nobody acts on themselves or on the owner; a moderator acts on no other moderator, nor makes one, be it by letting
    /// one in.
    fn is_allowed(self, other: &Member, actor: Actor) -> bool {
        let may_act = match actor.role {
            Role::Owner => true,
            Role::Moderator => !matches!(self, Self::Give(_)) && other.role < Role::Moderator,
            Role::Writer | Role::Reader => false,
        };
        may_act && other.user.id != actor.id && other.role != Role::Owner && self != Self::Give(Role::Owner)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use shared::user::User;

    use super::*;

    const ROLES: [Role; 4] = [Role::Reader, Role::Writer, Role::Moderator, Role::Owner];
    const STANDINGS: [Standing; 6] = [
        Standing::In,
        Standing::Knocking,
        Standing::Refused,
        Standing::Left,
        Standing::Removed,
        Standing::Banned,
    ];
    const ACTS: [Act; 8] = [
        Act::Admit,
        Act::Refuse,
        Act::Remove,
        Act::Ban,
        Act::Unban,
        Act::Give(Role::Reader),
        Act::Give(Role::Writer),
        Act::Give(Role::Moderator),
    ];

    fn eve(role: Role, standing: Standing) -> Member {
        let user = User { id: 2, username: "eve".into(), ..User::default() };
        Member { user, role, standing, seq: 2, revision: 2, created_at: DateTime::UNIX_EPOCH }
    }

    fn ada(role: Role) -> Actor {
        Actor { id: 1, role }
    }

    #[test]
    fn nobody_acts_on_the_owner_or_on_themselves_and_only_two_roles_act_at_all() {
        for (act, role, standing) in every() {
            let forbidden = Err(ProblemCode::Forbidden);
            for actor in ROLES {
                assert_eq!(act.on(&eve(Role::Owner, standing), ada(actor)), forbidden, "{act:?} {actor:?}");
                let herself = Actor { id: 2, role: actor };
                assert_eq!(act.on(&eve(role, standing), herself), forbidden, "{act:?} {actor:?}");
            }
            for actor in [Role::Reader, Role::Writer] {
                assert_eq!(act.on(&eve(role, standing), ada(actor)), forbidden, "{act:?} {actor:?}");
            }
        }
    }

    #[test]
    fn a_moderator_does_what_the_owner_does_but_for_roles_and_to_other_moderators() {
        for (act, role, standing) in every() {
            let other = eve(role, standing);
            let by_moderator = act.on(&other, ada(Role::Moderator));
            if matches!(act, Act::Give(_)) || role == Role::Moderator {
                assert_eq!(by_moderator, Err(ProblemCode::Forbidden), "{act:?} {other:?}");
            } else {
                assert_eq!(by_moderator, act.on(&other, ada(Role::Owner)), "{act:?} {other:?}");
            }
        }
    }

    #[test]
    fn every_act_has_its_place() {
        for standing in STANDINGS {
            let to = |act: Act| act.on(&eve(Role::Writer, standing), ada(Role::Owner)).ok().map(|(to, _)| to);
            let expected = match standing {
                Standing::In => [None, None, Some(Standing::Removed), Some(Standing::Banned), None],
                Standing::Knocking => {
                    [Some(Standing::In), Some(Standing::Refused), None, Some(Standing::Banned), None]
                }
                Standing::Banned => [None, None, None, None, Some(Standing::Left)],
                _ => [None, None, None, Some(Standing::Banned), None],
            };
            let seen = [Act::Admit, Act::Refuse, Act::Remove, Act::Ban, Act::Unban].map(to);
            assert_eq!(seen, expected, "{standing:?}");
            let given = Act::Give(Role::Reader).on(&eve(Role::Writer, standing), ada(Role::Owner));
            let expected = Ok((Standing::In, Role::Reader))
                .and_then(|given| if standing.is_in() { Ok(given) } else { Err(ProblemCode::Conflict) });
            assert_eq!(given, expected, "{standing:?}");
        }
    }

    #[test]
    fn whoever_is_sent_out_moderates_no_more() {
        let removed = Act::Remove.on(&eve(Role::Moderator, Standing::In), ada(Role::Owner));
        assert_eq!(removed, Ok((Standing::Removed, Role::Writer)));
        let banned = Act::Ban.on(&eve(Role::Reader, Standing::In), ada(Role::Owner));
        assert_eq!(banned, Ok((Standing::Banned, Role::Reader)));
    }

    fn every() -> impl Iterator<Item = (Act, Role, Standing)> {
        ACTS.into_iter().flat_map(|act| {
            let roles = [Role::Reader, Role::Writer, Role::Moderator].into_iter();
            roles.flat_map(move |role| STANDINGS.into_iter().map(move |standing| (act, role, standing)))
        })
    }
}
