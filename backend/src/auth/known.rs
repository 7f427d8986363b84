//! Who asked lately, and which chats they are in, so that asking again costs no query. Changes made by this server are
//! seen at once; whatever else changes the tables is seen a few seconds later.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use indexmap::Equivalent;
use moka::sync::Cache;
use shared::{member::Role, user::User};

use crate::db::chats::Address;

/// The longest that something else's change goes unseen.
const KEPT: Duration = Duration::from_secs(5);
const USERS_MAX: u64 = 100_000;
const MEMBERS_MAX: u64 = 200_000;

/// What a user is in a chat.
#[derive(Clone, Debug)]
pub struct Membership {
    pub chat: Address,
    pub role: Role,
}

pub struct KnownPeople {
    users: Cache<i64, User>,
    members: Cache<(i64, String), Membership>,
    /// Rises when something is forgotten: what was read before may be older than that.
    forgotten: AtomicU64,
}

/// When something was read from the database.
#[derive(Clone, Copy)]
pub struct AsOf(u64);

#[derive(Hash)]
struct Key<'a>(i64, &'a str);

impl Equivalent<(i64, String)> for Key<'_> {
    fn equivalent(&self, (user_id, uri): &(i64, String)) -> bool {
        self.0 == *user_id && self.1 == uri
    }
}

impl Default for KnownPeople {
    fn default() -> Self {
        Self {
            users: Cache::builder().max_capacity(USERS_MAX).time_to_live(KEPT).build(),
            members: Cache::builder().max_capacity(MEMBERS_MAX).time_to_live(KEPT).build(),
            forgotten: AtomicU64::new(0),
        }
    }
}

impl KnownPeople {
    pub fn user(&self, user_id: i64) -> Option<User> {
        self.users.get(&user_id)
    }

    pub fn membership(&self, user_id: i64, uri: &str) -> Option<Membership> {
        self.members.get(&Key(user_id, uri))
    }

    /// To be taken before the database is read.
    pub fn now(&self) -> AsOf {
        AsOf(self.forgotten.load(Ordering::Acquire))
    }

    pub fn keep_user(&self, as_of: AsOf, user: &User) {
        self.users.insert(user.id, user.clone());
        // Also what was forgotten between the two.
        if self.now().0 != as_of.0 {
            self.users.invalidate(&user.id);
        }
    }

    pub fn keep_membership(&self, as_of: AsOf, user_id: i64, membership: &Membership) {
        if self.now().0 == as_of.0 {
            self.members.insert((user_id, membership.chat.uri.clone()), membership.clone());
        }
    }

    /// The user has changed, or is gone.
    pub fn forget(&self, user_id: i64) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.users.invalidate(&user_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> User {
        User {
            id: 1,
            username: "ada".into(),
            email: String::new(),
            first_name: String::new(),
            last_name: String::new(),
        }
    }

    #[test]
    fn who_was_kept_is_known_until_forgotten() {
        let people = KnownPeople::default();
        people.keep_user(people.now(), &ada());
        let membership = Membership { chat: Address { id: 7, uri: "tea".into() }, role: Role::Writer };
        people.keep_membership(people.now(), 1, &membership);
        assert_eq!(people.user(1), Some(ada()));
        assert_eq!(people.membership(1, "tea").unwrap().chat.id, 7);
        assert!(people.membership(2, "tea").is_none() && people.membership(1, "te").is_none());
        people.forget(1);
        assert!(people.user(1).is_none());
    }

    #[test]
    fn what_was_read_before_something_was_forgotten_is_not_kept() {
        let people = KnownPeople::default();
        let as_of = people.now();
        people.forget(1);
        people.keep_user(as_of, &ada());
        assert!(people.user(1).is_none());
    }
}
