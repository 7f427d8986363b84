//! Locks by key, such as one for each chat. Only those in use are kept.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OwnedMutexGuard;

pub struct KeyedLocks<K>(Arc<Mutex<HashMap<K, Lock>>>);

/// The lock, and how many hold it or wait for it.
#[derive(Default)]
struct Lock {
    mutex: Arc<tokio::sync::Mutex<()>>,
    users: usize,
}

/// Holds the lock of a key until it is dropped.
pub struct KeyedGuard<K: Hash + Eq> {
    /// Unlocks before the lock is forgotten.
    _guard: OwnedMutexGuard<()>,
    _user: LockUser<K>,
}

struct LockUser<K: Hash + Eq> {
    key: K,
    locks: Arc<Mutex<HashMap<K, Lock>>>,
}

impl<K> Default for KeyedLocks<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Hash + Eq + Clone> KeyedLocks<K> {
    /// Waits for the lock, in the order of the calls.
    pub async fn acquire(&self, key: K) -> KeyedGuard<K> {
        let mutex = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let lock = locks.entry(key.clone()).or_default();
            lock.users += 1;
            Arc::clone(&lock.mutex)
        };
        let user = LockUser { key, locks: Arc::clone(&self.0) };
        KeyedGuard { _guard: mutex.lock_owned().await, _user: user }
    }
}

impl<K: Hash + Eq> Drop for LockUser<K> {
    fn drop(&mut self) {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get_mut(&self.key) {
            lock.users -= 1;
            if lock.users == 0 {
                locks.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn lock_waits_for_its_own_key_only() {
        let locks = KeyedLocks::default();
        let first = locks.acquire(1).await;
        let mut second = Box::pin(locks.acquire(1));
        assert!(second.as_mut().now_or_never().is_none());
        let other = locks.acquire(65).now_or_never().expect("another key is free");
        drop((first, other));
        let second = second.await;
        assert_eq!(locks.0.lock().unwrap().len(), 1);
        // One who gave up waiting is forgotten too.
        assert!(locks.acquire(1).now_or_never().is_none());
        drop(second);
        assert!(locks.0.lock().unwrap().is_empty());
    }
}
