//! Limits how much may be in use at once for each key, such as the connections of an IP address.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub struct ConcurrencyLimit<K> {
    max: usize,
    /// Only keys that are in use.
    counts: Mutex<HashMap<K, usize>>,
}

/// Permission for one use, released on drop.
pub struct ConcurrencyPermit<K: Hash + Eq> {
    pub key: K,
    limit: Arc<ConcurrencyLimit<K>>,
}

impl<K: Hash + Eq + Clone> ConcurrencyLimit<K> {
    pub fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, counts: Mutex::default() })
    }

    /// Returns a permit unless the key has the maximum of them.
    pub fn acquire(self: &Arc<Self>, key: K) -> Option<ConcurrencyPermit<K>> {
        let mut counts = lock(&self.counts);
        let count = counts.get(&key).copied().unwrap_or_default();
        if count >= self.max {
            return None;
        }
        counts.insert(key.clone(), count + 1);
        drop(counts);
        Some(ConcurrencyPermit { key, limit: Arc::clone(self) })
    }
}

impl<K: Hash + Eq> Drop for ConcurrencyPermit<K> {
    fn drop(&mut self) {
        let mut counts = lock(&self.limit.counts);
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acquire_beyond_limit_fails_until_permit_dropped() {
        let limit = ConcurrencyLimit::new(2);
        let first = limit.acquire("ada").unwrap();
        let _second = limit.acquire("ada").unwrap();
        assert!(limit.acquire("ada").is_none());
        let brian = limit.acquire("brian").expect("other keys are not limited");
        drop((first, brian));
        let _again = limit.acquire("ada").unwrap();
        assert_eq!(lock(&limit.counts).len(), 1, "only keys in use are kept");
    }
}
