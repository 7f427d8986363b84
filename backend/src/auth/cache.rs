//! Cache of sessions, users and memberships for authorization. Changes by this server are visible at once; other changes to
//! the tables become visible after a few seconds.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use moka::sync::Cache;
use shared::{
    id::{ChatId, UserId},
    member::Role,
    user::User,
};
use uuid::Uuid;

use crate::store::chats::PostingRules;

/// The longest time for which a change by another program stays unseen.
const TTL: Duration = Duration::from_secs(5);
const SESSIONS_MAX: u64 = 200_000;
const USERS_MAX: u64 = 100_000;
const CHATS_MAX: u64 = 100_000;
const MEMBERS_MAX: u64 = 200_000;

pub struct AuthCache {
    /// The user of each active session.
    sessions: Cache<Uuid, UserId>,
    users: Cache<UserId, User>,
    /// Chat ids by current and former URIs.
    chat_ids: Cache<String, ChatId>,
    chats: Cache<ChatId, PostingRules>,
    roles: Cache<(ChatId, UserId), Role>,
    /// Incremented by every invalidation: a value that was read before may be stale.
    invalidations: AtomicU64,
}

/// The state of the cache when a database read began.
#[derive(Clone, Copy)]
pub struct CacheEpoch(u64);

impl Default for AuthCache {
    fn default() -> Self {
        Self {
            sessions: Cache::builder().max_capacity(SESSIONS_MAX).time_to_live(TTL).build(),
            users: Cache::builder().max_capacity(USERS_MAX).time_to_live(TTL).build(),
            chat_ids: Cache::builder().max_capacity(CHATS_MAX).time_to_live(TTL).build(),
            chats: Cache::builder().max_capacity(CHATS_MAX).time_to_live(TTL).build(),
            roles: Cache::builder().max_capacity(MEMBERS_MAX).time_to_live(TTL).build(),
            invalidations: AtomicU64::new(0),
        }
    }
}

impl AuthCache {
    /// The user of a session that is known to be active.
    pub fn session_user_id(&self, id: Uuid) -> Option<UserId> {
        self.sessions.get(&id)
    }

    pub fn user(&self, user_id: UserId) -> Option<User> {
        self.users.get(&user_id)
    }

    /// The chat with this current or former URI.
    pub fn chat_id(&self, uri: &str) -> Option<ChatId> {
        self.chat_ids.get(uri)
    }

    /// The role of the user in the chat.
    pub fn membership(&self, user_id: UserId, chat_id: ChatId) -> Option<(PostingRules, Role)> {
        Some((self.chats.get(&chat_id)?, self.roles.get(&(chat_id, user_id))?))
    }

    /// Must be called before the database is read.
    pub fn epoch(&self) -> CacheEpoch {
        CacheEpoch(self.invalidations.load(Ordering::Acquire))
    }

    pub fn insert_session(&self, epoch: CacheEpoch, id: Uuid, user_id: UserId) {
        self.sessions.insert(id, user_id);
        // Checked after the insertion, so that an invalidation in between is not lost.
        if self.epoch().0 != epoch.0 {
            self.sessions.invalidate(&id);
        }
    }

    pub fn insert_user(&self, epoch: CacheEpoch, user: &User) {
        self.users.insert(user.id, user.clone());
        if self.epoch().0 != epoch.0 {
            self.users.invalidate(&user.id);
        }
    }

    /// Needs no epoch, because a URI never belongs to another chat later.
    pub fn insert_uri(&self, uri: &str, chat_id: ChatId) {
        self.chat_ids.insert(uri.to_owned(), chat_id);
    }

    pub fn insert_membership(&self, epoch: CacheEpoch, user_id: UserId, rules: &PostingRules, role: Role) {
        let chat_id = rules.chat.id;
        self.chats.insert(chat_id, rules.clone());
        self.roles.insert((chat_id, user_id), role);
        if self.epoch().0 != epoch.0 {
            self.invalidate_chat(chat_id);
            self.invalidate_role(chat_id, user_id);
        }
    }

    /// To be called when a session ended.
    pub fn invalidate_session(&self, id: Uuid) {
        self.invalidations.fetch_add(1, Ordering::AcqRel);
        self.sessions.invalidate(&id);
    }

    /// To be called when a user changed or was deleted.
    pub fn invalidate_user(&self, user_id: UserId) {
        self.invalidations.fetch_add(1, Ordering::AcqRel);
        self.users.invalidate(&user_id);
    }

    /// To be called when a membership changed.
    pub fn invalidate_role(&self, chat_id: ChatId, user_id: UserId) {
        self.invalidations.fetch_add(1, Ordering::AcqRel);
        self.roles.invalidate(&(chat_id, user_id));
    }

    /// To be called when a chat changed or was deleted.
    pub fn invalidate_chat(&self, chat_id: ChatId) {
        self.invalidations.fetch_add(1, Ordering::AcqRel);
        self.chats.invalidate(&chat_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::chats::ChatRef;

    const ADA: UserId = UserId::new(1);
    const TEA: ChatId = ChatId::new(7);

    fn ada() -> User {
        User { id: ADA, username: "ada".into(), ..User::default() }
    }

    fn tea() -> PostingRules {
        PostingRules { chat: ChatRef { id: TEA, uri: "tea".into() }, closed: false, slow_mode_seconds: 0 }
    }

    #[test]
    fn user_is_cached_until_invalidated() {
        let cache = AuthCache::default();
        cache.insert_user(cache.epoch(), &ada());
        assert_eq!(cache.user(ADA), Some(ada()));
        cache.invalidate_user(ADA);
        assert!(cache.user(ADA).is_none());
    }

    #[test]
    fn membership_is_cached_until_invalidated() {
        let cache = AuthCache::default();
        for uri in ["tea", "oldtea"] {
            cache.insert_uri(uri, TEA);
            assert_eq!(cache.chat_id(uri), Some(TEA));
        }
        assert!(cache.chat_id("te").is_none());
        cache.insert_membership(cache.epoch(), ADA, &tea(), Role::Writer);
        let (rules, role) = cache.membership(ADA, TEA).unwrap();
        assert_eq!((rules.chat.uri.as_str(), role), ("tea", Role::Writer));
        assert!(cache.membership(UserId::new(2), TEA).is_none());
        cache.invalidate_role(TEA, ADA);
        assert!(cache.membership(ADA, TEA).is_none());
        cache.insert_membership(cache.epoch(), ADA, &tea(), Role::Writer);
        cache.invalidate_chat(TEA);
        assert!(cache.membership(ADA, TEA).is_none());
    }

    #[test]
    fn stale_read_is_not_cached() {
        let cache = AuthCache::default();
        let epoch = cache.epoch();
        cache.invalidate_user(ADA);
        cache.insert_user(epoch, &ada());
        assert!(cache.user(ADA).is_none());
        cache.insert_membership(epoch, ADA, &tea(), Role::Writer);
        assert!(cache.membership(ADA, TEA).is_none());
        cache.insert_session(epoch, Uuid::nil(), ADA);
        assert!(cache.session_user_id(Uuid::nil()).is_none());
    }

    #[test]
    fn session_is_cached_until_invalidated() {
        let cache = AuthCache::default();
        cache.insert_session(cache.epoch(), Uuid::nil(), ADA);
        assert_eq!(cache.session_user_id(Uuid::nil()), Some(ADA));
        cache.invalidate_session(Uuid::nil());
        assert!(cache.session_user_id(Uuid::nil()).is_none());
    }
}
