//! Who may do what: every route and every command of the socket declares one [`Access`].

use shared::member::{Role, Standing};

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody, also without a token.
    Anyone,
    /// Everybody without a token, and with a good one everybody who is not banned from the chat.
    Visiting,
    /// Everybody who is signed in.
    SignedIn,
    /// Everybody who is signed in with an account, so no guest.
    Account,
    /// Everybody who is signed in with an account, and has shown lately that it is theirs.
    Proven,
    /// Every guest, and whoever has an account and has shown lately that it is theirs.
    ProvenOrGuest,
    /// Only a guest.
    GuestOnly,
    /// Everybody who is signed in, but for whom the chat does not let in.
    Joining,
    /// Everybody who is in the chat or waits to be, but for the one who has it.
    Leaving,
    /// Everybody who is in the chat.
    Reader,
    /// Those in the chat who may say something.
    Writer,
    /// Those who keep the chat pleasant.
    Moderator,
    /// The one who has the chat.
    Owner,
}

/// Somebody who asks, as far as it matters to what they may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Without a token.
    Anonymous,
    /// With a token that has run out.
    Expired,
    /// With a token that somebody altered.
    Tampered,
    /// With a token whose session has ended.
    Ended,
    /// A guest who is not in the chat.
    Guest,
    /// Somebody with an account who was never in the chat, and has not shown lately that the account is theirs.
    Unproven,
    /// Somebody with an account who was never in the chat.
    Outsider,
    /// Somebody whom the chat knows, but who is not in it.
    Out(Standing),
    /// Somebody in the chat.
    Member(Role),
}

/// What comes of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    /// 401: nobody knows who asks.
    NotSignedIn,
    /// 403: that is not theirs to do.
    Forbidden,
    /// 404: of a chat that one is not in one learns nothing, not even that there is one.
    NotFound,
}

impl Access {
    /// Whether this actor may.
    pub fn may(self, actor: Actor) -> Verdict {
        match self {
            Self::Anyone => Verdict::Allowed,
            Self::Visiting if actor == Actor::Anonymous => Verdict::Allowed,
            _ if !actor.is_signed_in() => Verdict::NotSignedIn,
            Self::SignedIn => Verdict::Allowed,
            Self::Account => Verdict::allowed_if(actor != Actor::Guest),
            Self::Proven => Verdict::allowed_if(!matches!(actor, Actor::Guest | Actor::Unproven)),
            Self::ProvenOrGuest => Verdict::allowed_if(actor != Actor::Unproven),
            Self::GuestOnly => Verdict::allowed_if(actor == Actor::Guest),
            Self::Visiting => Verdict::allowed_if(actor != Actor::Out(Standing::Banned)),
            Self::Joining => Verdict::allowed_if(!matches!(
                actor,
                Actor::Out(Standing::Knocking | Standing::Refused | Standing::Banned)
            )),
            Self::Leaving if actor == Actor::Member(Role::Owner) => Verdict::Forbidden,
            Self::Leaving if actor == Actor::Out(Standing::Knocking) => Verdict::Allowed,
            Self::Leaving | Self::Reader => actor.has(Role::Reader),
            Self::Writer => actor.has(Role::Writer),
            Self::Moderator => actor.has(Role::Moderator),
            Self::Owner => actor.has(Role::Owner),
        }
    }
}

impl Actor {
    pub const ALL: [Self; 16] = [
        Self::Anonymous,
        Self::Expired,
        Self::Tampered,
        Self::Ended,
        Self::Guest,
        Self::Unproven,
        Self::Outsider,
        Self::Out(Standing::Knocking),
        Self::Out(Standing::Refused),
        Self::Out(Standing::Left),
        Self::Out(Standing::Removed),
        Self::Out(Standing::Banned),
        Self::Member(Role::Reader),
        Self::Member(Role::Writer),
        Self::Member(Role::Moderator),
        Self::Member(Role::Owner),
    ];

    pub const fn is_signed_in(self) -> bool {
        !matches!(self, Self::Anonymous | Self::Expired | Self::Tampered | Self::Ended)
    }

    fn has(self, least: Role) -> Verdict {
        match self {
            Self::Member(role) => Verdict::allowed_if(role >= least),
            _ => Verdict::NotFound,
        }
    }
}

impl Verdict {
    const fn allowed_if(allowed: bool) -> Self {
        if allowed { Self::Allowed } else { Self::Forbidden }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_MEMBERS: [Access; 4] = [Access::Reader, Access::Writer, Access::Moderator, Access::Owner];

    #[test]
    fn a_higher_role_may_all_that_a_lower_one_may_and_something_more() {
        let roles = [Role::Reader, Role::Writer, Role::Moderator, Role::Owner];
        for (more, access) in OF_MEMBERS.into_iter().enumerate() {
            let allowed = roles.map(|role| access.may(Actor::Member(role)) == Verdict::Allowed);
            assert!(allowed.is_sorted(), "{access:?}: {allowed:?}");
            assert_eq!(allowed.into_iter().filter(|allowed| !allowed).count(), more, "{access:?}");
        }
    }

    #[test]
    fn whoever_is_not_in_a_chat_learns_nothing_of_it() {
        for access in OF_MEMBERS {
            for actor in Actor::ALL {
                let told = access.may(actor);
                let ok = match actor {
                    Actor::Member(_) => told != Verdict::NotFound,
                    _ if actor.is_signed_in() => told == Verdict::NotFound,
                    _ => told == Verdict::NotSignedIn,
                };
                assert!(ok, "{access:?} {actor:?}: {told:?}");
            }
        }
    }
}
