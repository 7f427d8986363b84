//! The names under which users are shown.

use std::collections::HashMap;

use shared::{
    id::UserId,
    member::{Member, distinct_name},
    user::User,
};

pub struct Names {
    /// Of all statuses.
    members: HashMap<UserId, Member>,
    shown: HashMap<UserId, String>,
}

impl Names {
    pub fn new(members: Vec<Member>) -> Self {
        let members = members.into_iter().map(|member| (member.user.id, member)).collect();
        Self { members, shown: HashMap::new() }
    }

    /// As in the client: with the username if another member has the same name.
    pub fn show(&mut self, user: &User) -> &str {
        let Self { members, shown } = self;
        shown.entry(user.id).or_insert_with(|| distinct_name(user, members.get(&user.id), members.values()))
    }

    /// The name of a current or former member.
    pub fn show_by_id(&mut self, user_id: UserId) -> Option<&str> {
        let user = self.members.get(&user_id)?.user.clone();
        Some(self.show(&user))
    }

    /// The current members: the owner first, then by the time they joined.
    pub fn list_members(&self) -> Vec<Member> {
        let mut members: Vec<_> =
            self.members.values().filter(|member| member.status.is_member()).cloned().collect();
        members.sort_by_key(|member| (std::cmp::Reverse(member.role), member.seq));
        members
    }
}
