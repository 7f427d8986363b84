//! Who asked lately, and which chats they are in, so that asking again costs no query. Changes made by this server are
//! seen at once; whatever else changes the tables is seen a few seconds later.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use moka::sync::Cache;
use shared::{member::Role, user::User};
use uuid::Uuid;

use crate::db::chats::Rules;

/// The longest that something else's change goes unseen.
const KEPT: Duration = Duration::from_secs(5);
const SESSIONS_MAX: u64 = 200_000;
const USERS_MAX: u64 = 100_000;
const CHATS_MAX: u64 = 100_000;
const MEMBERS_MAX: u64 = 200_000;

pub struct KnownPeople {
    /// Whose the sessions are that have not ended.
    sessions: Cache<Uuid, i64>,
    users: Cache<i64, User>,
    /// The chats to which addresses lead, and what is known of them.
    addresses: Cache<String, i64>,
    chats: Cache<i64, Rules>,
    /// By chat and user.
    roles: Cache<(i64, i64), Role>,
    /// Rises when something is forgotten: what was read before may be older than that.
    forgotten: AtomicU64,
}

/// When something was read from the database.
#[derive(Clone, Copy)]
pub struct AsOf(u64);

impl Default for KnownPeople {
    fn default() -> Self {
        Self {
            sessions: Cache::builder().max_capacity(SESSIONS_MAX).time_to_live(KEPT).build(),
            users: Cache::builder().max_capacity(USERS_MAX).time_to_live(KEPT).build(),
            addresses: Cache::builder().max_capacity(CHATS_MAX).time_to_live(KEPT).build(),
            chats: Cache::builder().max_capacity(CHATS_MAX).time_to_live(KEPT).build(),
            roles: Cache::builder().max_capacity(MEMBERS_MAX).time_to_live(KEPT).build(),
            forgotten: AtomicU64::new(0),
        }
    }
}

impl KnownPeople {
    /// Whose session it is, if it is known to go on.
    pub fn session(&self, id: Uuid) -> Option<i64> {
        self.sessions.get(&id)
    }

    pub fn user(&self, user_id: i64) -> Option<User> {
        self.users.get(&user_id)
    }

    /// What the user is in the chat to which the address leads.
    pub fn membership(&self, user_id: i64, address: &str) -> Option<(Rules, Role)> {
        let chat_id = self.addresses.get(address)?;
        Some((self.chats.get(&chat_id)?, self.roles.get(&(chat_id, user_id))?))
    }

    /// To be taken before the database is read.
    pub fn now(&self) -> AsOf {
        AsOf(self.forgotten.load(Ordering::Acquire))
    }

    pub fn keep_session(&self, as_of: AsOf, id: Uuid, user_id: i64) {
        self.sessions.insert(id, user_id);
        // Also what was forgotten between the two.
        if self.now().0 != as_of.0 {
            self.sessions.invalidate(&id);
        }
    }

    pub fn keep_user(&self, as_of: AsOf, user: &User) {
        self.users.insert(user.id, user.clone());
        if self.now().0 != as_of.0 {
            self.users.invalidate(&user.id);
        }
    }

    pub fn keep_membership(&self, as_of: AsOf, user_id: i64, address: &str, rules: &Rules, role: Role) {
        let chat_id = rules.chat.id;
        self.addresses.insert(address.to_owned(), chat_id);
        self.chats.insert(chat_id, rules.clone());
        self.roles.insert((chat_id, user_id), role);
        if self.now().0 != as_of.0 {
            self.forget_chat(chat_id);
            self.forget_role(chat_id, user_id);
        }
    }

    /// The session has ended.
    pub fn forget_session(&self, id: Uuid) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.sessions.invalidate(&id);
    }

    /// The user has changed, or is gone.
    pub fn forget(&self, user_id: i64) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.users.invalidate(&user_id);
    }

    /// The user has another place in the chat.
    pub fn forget_role(&self, chat_id: i64, user_id: i64) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.roles.invalidate(&(chat_id, user_id));
    }

    /// The chat has changed, or is gone.
    pub fn forget_chat(&self, chat_id: i64) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.chats.invalidate(&chat_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::chats::Address;

    fn ada() -> User {
        User { id: 1, username: "ada".into(), ..User::default() }
    }

    fn tea() -> Rules {
        Rules { chat: Address { id: 7, uri: "tea".into() }, closed: false, slow_seconds: 0 }
    }

    #[test]
    fn who_was_kept_is_known_until_forgotten() {
        let people = KnownPeople::default();
        people.keep_user(people.now(), &ada());
        assert_eq!(people.user(1), Some(ada()));
        people.forget(1);
        assert!(people.user(1).is_none());
    }

    #[test]
    fn a_place_in_a_chat_is_known_by_every_address_until_it_changes() {
        let people = KnownPeople::default();
        for address in ["tea", "oldtea"] {
            people.keep_membership(people.now(), 1, address, &tea(), Role::Writer);
            let (rules, role) = people.membership(1, address).unwrap();
            assert_eq!((rules.chat.uri.as_str(), role), ("tea", Role::Writer));
        }
        assert!(people.membership(2, "tea").is_none() && people.membership(1, "te").is_none());
        people.forget_role(7, 1);
        assert!(people.membership(1, "oldtea").is_none());
        people.keep_membership(people.now(), 1, "tea", &tea(), Role::Writer);
        people.forget_chat(7);
        assert!(people.membership(1, "tea").is_none());
    }

    #[test]
    fn what_was_read_before_something_was_forgotten_is_not_kept() {
        let people = KnownPeople::default();
        let as_of = people.now();
        people.forget(1);
        people.keep_user(as_of, &ada());
        assert!(people.user(1).is_none());
        people.keep_membership(as_of, 1, "tea", &tea(), Role::Writer);
        assert!(people.membership(1, "tea").is_none());
        people.keep_session(as_of, Uuid::nil(), 1);
        assert!(people.session(Uuid::nil()).is_none());
    }

    #[test]
    fn a_session_goes_on_until_it_is_forgotten() {
        let people = KnownPeople::default();
        people.keep_session(people.now(), Uuid::nil(), 1);
        assert_eq!(people.session(Uuid::nil()), Some(1));
        people.forget_session(Uuid::nil());
        assert!(people.session(Uuid::nil()).is_none());
    }
}
