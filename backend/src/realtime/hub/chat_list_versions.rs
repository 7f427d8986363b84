//! Versions of the users' chat lists: a client that fetched the list before its socket opened need not fetch it again if the
//! version is still the same. It counts what this process announces, so that changes by other processes are not in it.

use shared::id::UserId;
use uuid::Uuid;

use crate::change_times::ChangeTimes;

pub struct ChatListVersions {
    /// Differs between processes, because the times start again with each.
    process: u64,
    /// By user; without one, for all.
    changes: ChangeTimes<Option<UserId>>,
}

impl Default for ChatListVersions {
    fn default() -> Self {
        Self { process: rand::random(), changes: ChangeTimes::default() }
    }
}

impl ChatListVersions {
    /// To be called before the user's connections are told of a change that concerns only this user.
    pub fn bump(&self, user_id: UserId) {
        self.changes.record(Some(user_id));
    }

    /// Like [`bump`](Self::bump), for all users.
    pub fn bump_all(&self) {
        self.changes.record(None);
    }

    /// To be read before the list is.
    pub fn get(&self, user_id: UserId) -> Uuid {
        let changed = self.changes.last(Some(user_id)).max(self.changes.last(None));
        Uuid::from_u64_pair(self.process, changed.get())
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
