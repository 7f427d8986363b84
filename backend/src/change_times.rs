//! When keys last changed, in a fixed amount of memory.

use std::{
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash},
    marker::PhantomData,
    sync::atomic::{AtomicU64, Ordering},
};

/// Keys whose hashes are equal modulo this share a time: a change of one looks like a change of the other.
const SLOTS: usize = 4_096;

/// A time that advances with every change of any key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangeTime(u64);

impl ChangeTime {
    pub fn get(self) -> u64 {
        self.0
    }
}

pub struct ChangeTimes<K> {
    latest: AtomicU64,
    slots: Box<[AtomicU64]>,
    hasher: BuildHasherDefault<DefaultHasher>,
    keys: PhantomData<fn(K)>,
}

impl<K> Default for ChangeTimes<K> {
    fn default() -> Self {
        let slots = std::iter::repeat_with(AtomicU64::default).take(SLOTS).collect();
        let hasher = BuildHasherDefault::default();
        Self { latest: AtomicU64::default(), slots, hasher, keys: PhantomData }
    }
}

impl<K: Hash> ChangeTimes<K> {
    pub fn record(&self, key: K) {
        let time = self.latest.fetch_add(1, Ordering::AcqRel) + 1;
        if let Some(slot) = self.slot(key) {
            slot.fetch_max(time, Ordering::AcqRel);
        }
    }

    pub fn now(&self) -> ChangeTime {
        ChangeTime(self.latest.load(Ordering::Acquire))
    }

    /// When the key, or one that shares its time, last changed.
    pub fn last(&self, key: K) -> ChangeTime {
        self.slot(key).map_or_else(|| self.now(), |slot| ChangeTime(slot.load(Ordering::Acquire)))
    }

    fn slot(&self, key: K) -> Option<&AtomicU64> {
        let index = self.hasher.hash_one(key) % self.slots.len() as u64;
        self.slots.get(usize::try_from(index).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_of_the_key_advance_its_time() {
        let times = ChangeTimes::default();
        times.record(1);
        let time = times.now();
        assert_eq!(times.last(1), time);
        (1_000..1_100).for_each(|key| times.record(key));
        times.record(1);
        assert!(times.last(1) > time && times.last(1) == times.now());
        // With 101 of 4,096 slots taken.
        assert!((2_000..2_100).filter(|key| times.last(*key) > time).count() < 50);
    }
}
