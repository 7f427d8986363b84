//! Versions of the users' chat lists: a client that fetched the list before its socket opened need not fetch it again if the
//! version is still the same. It counts what this process announces, so that changes by other processes are not in it.

use std::sync::atomic::{AtomicU64, Ordering};

use shared::id::UserId;
use uuid::Uuid;

/// Users whose ids are equal modulo this share a counter: a change for one then looks like a change for the other, which
/// costs a request and nothing else.
const COUNTERS: usize = 4_096;

pub struct ChatListVersions {
    /// Differs between processes, because the counters start again with each.
    process: u64,
    counters: Box<[AtomicU64]>,
    /// Changes that may concern any user.
    common: AtomicU64,
}

impl Default for ChatListVersions {
    fn default() -> Self {
        let counters = std::iter::repeat_with(AtomicU64::default).take(COUNTERS).collect();
        Self { process: rand::random(), counters, common: AtomicU64::default() }
    }
}

impl ChatListVersions {
    /// To be called before the user's connections are told of a change that concerns only this user.
    pub fn bump(&self, user_id: UserId) {
        if let Some(counter) = self.counter(user_id) {
            counter.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Like [`bump`](Self::bump), for all users.
    pub fn bump_all(&self) {
        self.common.fetch_add(1, Ordering::AcqRel);
    }

    /// To be read before the list is.
    pub fn get(&self, user_id: UserId) -> Uuid {
        let count = self.counter(user_id).map_or(0, |counter| counter.load(Ordering::Acquire));
        Uuid::from_u64_pair(self.process, count + self.common.load(Ordering::Acquire))
    }

    fn counter(&self, user_id: UserId) -> Option<&AtomicU64> {
        let index = user_id.get().unsigned_abs() % self.counters.len() as u64;
        self.counters.get(usize::try_from(index).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_changes_with_each_bump_of_its_user() {
        let (versions, ada, brian) = (ChatListVersions::default(), UserId::new(1), UserId::new(2));
        let before = [versions.get(ada), versions.get(brian)];
        versions.bump(ada);
        assert_ne!(versions.get(ada), before[0]);
        assert_eq!(versions.get(brian), before[1]);
        versions.bump_all();
        assert_ne!(versions.get(brian), before[1]);
        assert_ne!(ChatListVersions::default().get(brian), before[1], "another process");
    }
}
