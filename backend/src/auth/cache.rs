//! Cache of sessions, users and memberships for authorization. Changes by this server invalidate their entries at once.
//!
//! What another program changes is found when an entry is read again. For access that nothing else checks (all reading, and
//! sessions) an entry serves for [`RECENT`]. For what a member sends it serves for minutes, because the statement that stores it
//! checks the membership again: so a post to a quiet chat needs no query of its own. Only slow mode, and who is exempt from it,
//! is taken from such an entry.

use std::{
    hash::Hash,
    time::{Duration, Instant},
};

use moka::sync::Cache;
use shared::{
    id::{ChatId, UserId},
    member::Role,
    user::User,
};
use uuid::Uuid;

use crate::{
    change_times::{ChangeTime, ChangeTimes},
    clock::Clock,
    store::chats::PostingRules,
};

/// The longest time for which access to read ignores a change by another program.
const RECENT: Duration = Duration::from_secs(5);
/// How long entries live at least. Each lives up to half as long again: many that ended at the same moment would all be read
/// again at once.
const LIFETIME: Duration = Duration::from_mins(10);
const SESSIONS_MAX: u64 = 200_000;
const USERS_MAX: u64 = 100_000;
const CHATS_MAX: u64 = 100_000;
const MEMBERS_MAX: u64 = 200_000;

pub struct AuthCache {
    clock: Clock,
    /// The user of each active session.
    sessions: Cache<Uuid, Entry<UserId>>,
    users: Cache<UserId, Entry<User>>,
    /// Chat ids by current and former URIs.
    chat_ids: Cache<String, Entry<ChatId>>,
    chats: Cache<ChatId, Entry<PostingRules>>,
    roles: Cache<(ChatId, UserId), Entry<Role>>,
    /// Recorded after the change is committed, and before the entry is removed.
    invalidations: ChangeTimes<CacheKey>,
}

#[derive(Clone, Copy, Hash)]
enum CacheKey {
    Session(Uuid),
    User(UserId),
    Chat(ChatId),
    Role(ChatId, UserId),
}

/// The state of the cache when a database read began.
#[derive(Clone, Copy)]
pub struct CacheEpoch {
    invalidations: ChangeTime,
    at: Instant,
}

/// A value, and when it was read from the database.
#[derive(Clone)]
struct Entry<T> {
    value: T,
    read_at: Instant,
    expires_at: Instant,
}

impl<T> Entry<T> {
    fn new(value: T, epoch: CacheEpoch) -> Self {
        let lifetime = LIFETIME.mul_f64(rand::random_range(1.0..1.5));
        Self { value, read_at: epoch.at, expires_at: epoch.at + lifetime }
    }

    fn alive(self, now: Instant) -> Option<T> {
        (now < self.expires_at).then_some(self.value)
    }

    fn recent(self, now: Instant) -> Option<T> {
        (now.duration_since(self.read_at) < RECENT).then_some(self.value)
    }
}

/// A bounded cache. Readers check the age of an entry; the time to live only frees memory.
fn bounded<K, V>(entries: u64) -> Cache<K, Entry<V>>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder().max_capacity(entries).time_to_live(LIFETIME * 3 / 2).build()
}

impl AuthCache {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            sessions: Cache::builder().max_capacity(SESSIONS_MAX).time_to_live(RECENT).build(),
            users: bounded(USERS_MAX),
            chat_ids: bounded(CHATS_MAX),
            chats: bounded(CHATS_MAX),
            roles: bounded(MEMBERS_MAX),
            invalidations: ChangeTimes::default(),
        }
    }

    /// The user of a session that was active in the last seconds.
    pub fn session_user_id(&self, id: Uuid) -> Option<UserId> {
        self.sessions.get(&id)?.recent(self.clock.instant())
    }

    /// The user as they were in the last seconds.
    pub fn recent_user(&self, user_id: UserId) -> Option<User> {
        self.users.get(&user_id)?.recent(self.clock.instant())
    }

    /// The user, except for changes by other programs.
    pub fn known_user(&self, user_id: UserId) -> Option<User> {
        self.users.get(&user_id)?.alive(self.clock.instant())
    }

    /// The chat with this current or former URI.
    pub fn chat_id(&self, uri: &str) -> Option<ChatId> {
        self.chat_ids.get(uri)?.alive(self.clock.instant())
    }

    /// The role that the user had in the chat in the last seconds: enough to read.
    pub fn recent_membership(&self, user_id: UserId, chat_id: ChatId) -> Option<(PostingRules, Role)> {
        let now = self.clock.instant();
        Some((self.chats.get(&chat_id)?.recent(now)?, self.roles.get(&(chat_id, user_id))?.recent(now)?))
    }

    /// The role of the user in the chat, except for changes by other programs: enough for what is checked again when it is
    /// stored.
    pub fn known_membership(&self, user_id: UserId, chat_id: ChatId) -> Option<(PostingRules, Role)> {
        let now = self.clock.instant();
        Some((self.chats.get(&chat_id)?.alive(now)?, self.roles.get(&(chat_id, user_id))?.alive(now)?))
    }

    /// Must be called before the database is read.
    pub fn epoch(&self) -> CacheEpoch {
        CacheEpoch { invalidations: self.invalidations.now(), at: self.clock.instant() }
    }

    /// Whether the key was invalidated after the read began. To be called after the insertion, so that an invalidation in
    /// between is not lost.
    fn is_outdated(&self, epoch: CacheEpoch, key: CacheKey) -> bool {
        self.invalidations.last(key) > epoch.invalidations
    }

    pub fn insert_session(&self, epoch: CacheEpoch, id: Uuid, user_id: UserId) {
        self.sessions.insert(id, Entry::new(user_id, epoch));
        if self.is_outdated(epoch, CacheKey::Session(id)) {
            self.sessions.invalidate(&id);
        }
    }

    pub fn insert_user(&self, epoch: CacheEpoch, user: &User) {
        self.users.insert(user.id, Entry::new(user.clone(), epoch));
        if self.is_outdated(epoch, CacheKey::User(user.id)) {
            self.users.invalidate(&user.id);
        }
    }

    /// Not invalidated, because a URI never belongs to another chat later.
    pub fn insert_uri(&self, epoch: CacheEpoch, uri: &str, chat_id: ChatId) {
        self.chat_ids.insert(uri.to_owned(), Entry::new(chat_id, epoch));
    }

    pub fn insert_membership(&self, epoch: CacheEpoch, user_id: UserId, rules: &PostingRules, role: Role) {
        let chat_id = rules.chat.id;
        self.chats.insert(chat_id, Entry::new(rules.clone(), epoch));
        self.roles.insert((chat_id, user_id), Entry::new(role, epoch));
        if self.is_outdated(epoch, CacheKey::Chat(chat_id)) {
            self.chats.invalidate(&chat_id);
        }
        if self.is_outdated(epoch, CacheKey::Role(chat_id, user_id)) {
            self.roles.invalidate(&(chat_id, user_id));
        }
    }

    /// To be called when a session ended.
    pub fn invalidate_session(&self, id: Uuid) {
        self.invalidations.record(CacheKey::Session(id));
        self.sessions.invalidate(&id);
    }

    /// To be called when a user changed or was deleted.
    pub fn invalidate_user(&self, user_id: UserId) {
        self.invalidations.record(CacheKey::User(user_id));
        self.users.invalidate(&user_id);
    }

    /// To be called when a membership changed.
    pub fn invalidate_role(&self, chat_id: ChatId, user_id: UserId) {
        self.invalidations.record(CacheKey::Role(chat_id, user_id));
        self.roles.invalidate(&(chat_id, user_id));
    }

    /// To be called when a chat changed or was deleted.
    pub fn invalidate_chat(&self, chat_id: ChatId) {
        self.invalidations.record(CacheKey::Chat(chat_id));
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

    fn new_cache() -> AuthCache {
        AuthCache::new(Clock::default())
    }

    #[test]
    fn user_is_cached_until_invalidated() {
        let cache = new_cache();
        cache.insert_user(cache.epoch(), &ada());
        assert_eq!((cache.recent_user(ADA), cache.known_user(ADA)), (Some(ada()), Some(ada())));
        cache.invalidate_user(ADA);
        assert_eq!((cache.recent_user(ADA), cache.known_user(ADA)), (None, None));
    }

    #[test]
    fn membership_is_cached_until_invalidated() {
        let cache = new_cache();
        for uri in ["tea", "oldtea"] {
            cache.insert_uri(cache.epoch(), uri, TEA);
            assert_eq!(cache.chat_id(uri), Some(TEA));
        }
        assert!(cache.chat_id("te").is_none());
        let changes: [fn(&AuthCache); 2] =
            [|cache| cache.invalidate_role(TEA, ADA), |cache| cache.invalidate_chat(TEA)];
        for invalidate in changes {
            cache.insert_membership(cache.epoch(), ADA, &tea(), Role::Writer);
            let (rules, role) = cache.recent_membership(ADA, TEA).unwrap();
            assert_eq!((rules.chat.uri.as_str(), role), ("tea", Role::Writer));
            assert!(cache.known_membership(ADA, TEA).is_some());
            assert!(cache.known_membership(UserId::new(2), TEA).is_none());
            invalidate(&cache);
            assert!(cache.recent_membership(ADA, TEA).is_none());
            assert!(cache.known_membership(ADA, TEA).is_none());
        }
    }

    #[test]
    fn stale_read_is_not_cached() {
        let cache = new_cache();
        let invalidations: [fn(&AuthCache); 4] = [
            |cache| cache.invalidate_user(ADA),
            |cache| cache.invalidate_session(Uuid::nil()),
            |cache| cache.invalidate_role(TEA, ADA),
            |cache| cache.invalidate_chat(TEA),
        ];
        for (index, invalidate) in invalidations.into_iter().enumerate() {
            let epoch = cache.epoch();
            invalidate(&cache);
            cache.insert_user(epoch, &ada());
            cache.insert_session(epoch, Uuid::nil(), ADA);
            cache.insert_membership(epoch, ADA, &tea(), Role::Writer);
            let is_cached = [
                cache.known_user(ADA).is_some(),
                cache.session_user_id(Uuid::nil()).is_some(),
                cache.known_membership(ADA, TEA).is_some(),
            ];
            // Only what was invalidated.
            assert_eq!(is_cached, [index != 0, index != 1, index < 2], "{index}");
        }
    }

    #[test]
    fn session_is_cached_until_invalidated() {
        let cache = new_cache();
        cache.insert_session(cache.epoch(), Uuid::nil(), ADA);
        assert_eq!(cache.session_user_id(Uuid::nil()), Some(ADA));
        cache.invalidate_session(Uuid::nil());
        assert!(cache.session_user_id(Uuid::nil()).is_none());
    }

    #[test]
    fn access_to_read_is_cached_for_seconds() {
        let cache = new_cache();
        // The age counts from before the read.
        let epoch = cache.epoch();
        cache.clock.advance(RECENT / 2);
        cache.insert_session(epoch, Uuid::nil(), ADA);
        cache.insert_user(epoch, &ada());
        cache.insert_membership(epoch, ADA, &tea(), Role::Writer);
        let cached = || {
            [
                cache.session_user_id(Uuid::nil()).is_some(),
                cache.recent_user(ADA).is_some(),
                cache.recent_membership(ADA, TEA).is_some(),
            ]
        };
        assert_eq!(cached(), [true; 3]);
        cache.clock.advance(RECENT / 2);
        assert_eq!(cached(), [false; 3]);
    }

    #[test]
    fn known_membership_is_cached_for_minutes() {
        let cache = new_cache();
        for chat_id in (1..=100).map(ChatId::new) {
            let chat = ChatRef { id: chat_id, ..tea().chat };
            cache.insert_membership(cache.epoch(), ADA, &PostingRules { chat, ..tea() }, Role::Writer);
        }
        let count_known =
            || (1..=100).filter(|id| cache.known_membership(ADA, ChatId::new(*id)).is_some()).count();
        cache.clock.advance(LIFETIME * 99 / 100);
        assert_eq!(count_known(), 100);
        cache.clock.advance(LIFETIME * 26 / 100);
        assert!((1..100).contains(&count_known()), "not all end at the same moment");
        cache.clock.advance(LIFETIME * 26 / 100);
        assert_eq!(count_known(), 0);
    }
}
