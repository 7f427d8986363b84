//! The access rules: every route and every WebSocket command declares one [`Policy`].

use shared::member::{MembershipStatus, Role};

/// Who is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// All requests, also without a token.
    Anyone,
    /// Requests without a token, and all users who are not banned from the chat.
    NotBanned,
    /// All authenticated users.
    Authenticated,
    /// Users with an account, so not guests.
    Account,
    /// Users with an account who re-authenticated recently.
    RecentlyAuthenticated,
    /// Guests, and users with an account who re-authenticated recently.
    RecentlyAuthenticatedOrGuest,
    GuestOnly,
    /// Authenticated users whom the chat does not keep out.
    CanJoin,
    /// Members except for the owner, and users with a pending join request.
    CanLeave,
    /// All members of the chat.
    Reader,
    /// Members who may post.
    Writer,
    /// Moderators and the owner.
    Moderator,
    Owner,
    /// The owner, and all members while the chat's setting `export_allowed` is on.
    CanExport,
}

/// The caller, as far as access depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal {
    /// No token.
    Anonymous,
    /// An expired token.
    Expired,
    /// A token with an invalid signature.
    Tampered,
    /// A token whose session has ended.
    SessionEnded,
    /// A guest who is not a member.
    Guest,
    /// A user with an account who was never a member and has not re-authenticated recently.
    NotRecentlyAuthenticated,
    /// A user with an account who was never a member and re-authenticated recently.
    NonMember,
    /// A user with an account who is not a member but has a status in the chat.
    NonMemberWithStatus(MembershipStatus),
    /// A member.
    Member(Role),
}

/// The result of applying a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Allowed,
    /// 401: the caller is unknown.
    Unauthenticated,
    /// 403: the caller is not allowed to do this.
    Forbidden,
    /// 404: non-members do not learn that the chat exists.
    NotFound,
}

impl Policy {
    /// In a chat with default settings.
    pub fn decide(self, principal: Principal) -> Decision {
        match self {
            Self::Anyone => Decision::Allowed,
            Self::NotBanned if principal == Principal::Anonymous => Decision::Allowed,
            _ if !principal.is_authenticated() => Decision::Unauthenticated,
            Self::Authenticated => Decision::Allowed,
            Self::Account => Decision::allowed_if(principal != Principal::Guest),
            Self::RecentlyAuthenticated => Decision::allowed_if(!matches!(
                principal,
                Principal::Guest | Principal::NotRecentlyAuthenticated
            )),
            Self::RecentlyAuthenticatedOrGuest => {
                Decision::allowed_if(principal != Principal::NotRecentlyAuthenticated)
            }
            Self::GuestOnly => Decision::allowed_if(principal == Principal::Guest),
            Self::NotBanned => {
                Decision::allowed_if(principal != Principal::NonMemberWithStatus(MembershipStatus::Banned))
            }
            Self::CanJoin => Decision::allowed_if(!matches!(
                principal,
                Principal::NonMemberWithStatus(
                    MembershipStatus::Pending | MembershipStatus::Rejected | MembershipStatus::Banned
                )
            )),
            Self::CanLeave if principal == Principal::NonMemberWithStatus(MembershipStatus::Pending) => {
                Decision::Allowed
            }
            Self::CanLeave | Self::Reader => principal.require_role(Role::Reader),
            Self::Writer => principal.require_role(Role::Writer),
            Self::Moderator => principal.require_role(Role::Moderator),
            Self::Owner | Self::CanExport => principal.require_role(Role::Owner),
        }
    }
}

impl Principal {
    pub const ALL: [Self; 16] = [
        Self::Anonymous,
        Self::Expired,
        Self::Tampered,
        Self::SessionEnded,
        Self::Guest,
        Self::NotRecentlyAuthenticated,
        Self::NonMember,
        Self::NonMemberWithStatus(MembershipStatus::Pending),
        Self::NonMemberWithStatus(MembershipStatus::Rejected),
        Self::NonMemberWithStatus(MembershipStatus::Left),
        Self::NonMemberWithStatus(MembershipStatus::Removed),
        Self::NonMemberWithStatus(MembershipStatus::Banned),
        Self::Member(Role::Reader),
        Self::Member(Role::Writer),
        Self::Member(Role::Moderator),
        Self::Member(Role::Owner),
    ];

    pub const fn is_authenticated(self) -> bool {
        !matches!(self, Self::Anonymous | Self::Expired | Self::Tampered | Self::SessionEnded)
    }

    fn require_role(self, least: Role) -> Decision {
        match self {
            Self::Member(role) => Decision::allowed_if(role >= least),
            _ => Decision::NotFound,
        }
    }
}

impl Decision {
    const fn allowed_if(allowed: bool) -> Self {
        if allowed { Self::Allowed } else { Self::Forbidden }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER_POLICIES: [Policy; 4] = [Policy::Reader, Policy::Writer, Policy::Moderator, Policy::Owner];

    #[test]
    fn higher_role_is_allowed_strictly_more() {
        let roles = [Role::Reader, Role::Writer, Role::Moderator, Role::Owner];
        for (denied, policy) in MEMBER_POLICIES.into_iter().enumerate() {
            let allowed = roles.map(|role| policy.decide(Principal::Member(role)) == Decision::Allowed);
            assert!(allowed.is_sorted(), "{policy:?}: {allowed:?}");
            assert_eq!(allowed.into_iter().filter(|allowed| !allowed).count(), denied, "{policy:?}");
        }
    }

    #[test]
    fn non_members_are_told_not_found() {
        for policy in MEMBER_POLICIES {
            for principal in Principal::ALL {
                let decision = policy.decide(principal);
                let is_expected = match principal {
                    Principal::Member(_) => decision != Decision::NotFound,
                    _ if principal.is_authenticated() => decision == Decision::NotFound,
                    _ => decision == Decision::Unauthenticated,
                };
                assert!(is_expected, "{policy:?} {principal:?}: {decision:?}");
            }
        }
    }
}
