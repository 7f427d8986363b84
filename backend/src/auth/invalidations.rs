//! Remembers what was invalidated when, so that a value which was read from the database before is not cached after.

use std::{
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    sync::atomic::{AtomicU64, Ordering},
};

use shared::id::{ChatId, UserId};
use uuid::Uuid;

/// Keys whose hashes are equal modulo this share a time. A collision only causes another read.
const SLOTS: usize = 4_096;

#[derive(Clone, Copy, Debug, Hash)]
pub enum CacheKey {
    Session(Uuid),
    User(UserId),
    Chat(ChatId),
    Role(ChatId, UserId),
}

/// A time that advances with every invalidation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InvalidationTime(u64);

pub struct Invalidations {
    latest: AtomicU64,
    /// The latest invalidation of the keys with this hash.
    slots: Box<[AtomicU64]>,
    hasher: BuildHasherDefault<DefaultHasher>,
}

impl Default for Invalidations {
    fn default() -> Self {
        let slots = std::iter::repeat_with(AtomicU64::default).take(SLOTS).collect();
        Self { latest: AtomicU64::default(), slots, hasher: BuildHasherDefault::default() }
    }
}

impl Invalidations {
    /// To be called after the change is committed, and before the entry is removed.
    pub fn record(&self, key: CacheKey) {
        let time = self.latest.fetch_add(1, Ordering::AcqRel) + 1;
        if let Some(slot) = self.slot(key) {
            slot.fetch_max(time, Ordering::AcqRel);
        }
    }

    /// To be called before the database is read.
    pub fn now(&self) -> InvalidationTime {
        InvalidationTime(self.latest.load(Ordering::Acquire))
    }

    /// Whether a value that was read at this time may be outdated. To be called after the value was inserted, so that an
    /// invalidation in between is not lost.
    pub fn is_invalidated_since(&self, time: InvalidationTime, key: CacheKey) -> bool {
        self.slot(key).is_none_or(|slot| slot.load(Ordering::Acquire) > time.0)
    }

    fn slot(&self, key: CacheKey) -> Option<&AtomicU64> {
        let index = self.hasher.hash_one(key) % self.slots.len() as u64;
        self.slots.get(usize::try_from(index).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_later_invalidations_of_the_key_count() {
        let invalidations = Invalidations::default();
        let (ada, brian) = (CacheKey::User(UserId::new(1)), CacheKey::User(UserId::new(2)));
        invalidations.record(ada);
        let time = invalidations.now();
        assert!(!invalidations.is_invalidated_since(time, ada));
        for chat_id in (1..100).map(ChatId::new) {
            invalidations.record(CacheKey::Chat(chat_id));
        }
        invalidations.record(ada);
        assert!(invalidations.is_invalidated_since(time, ada));
        assert!(!invalidations.is_invalidated_since(invalidations.now(), ada));
        // With 100 of 4,096 slots taken.
        let others = (1_000..1_100).map(|id| CacheKey::User(UserId::new(id))).chain([brian]);
        assert!(others.filter(|key| invalidations.is_invalidated_since(time, *key)).count() < 50);
    }
}
