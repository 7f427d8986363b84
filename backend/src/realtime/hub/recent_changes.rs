//! The newest published changes of a chat, for receivers that missed some of them.

use std::{collections::VecDeque, sync::Arc};

use shared::{
    id::Head,
    sync::{SyncAction, classify},
};

use super::EncodedChanges;

/// As many bytes as a connection queues.
const BYTES_MAX: usize = 256 * 1024;

#[derive(Default)]
pub struct RecentChanges {
    changes: VecDeque<Arc<EncodedChanges>>,
    bytes: usize,
}

impl RecentChanges {
    pub fn push(&mut self, changes: &Arc<EncodedChanges>) {
        self.bytes += changes.frame.len();
        self.changes.push_back(Arc::clone(changes));
        while self.bytes > BYTES_MAX {
            self.bytes -= self.changes.pop_front().map_or(self.bytes, |oldest| oldest.frame.len());
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The changes after `head`; none if some of them are missing here.
    pub fn list_since(&self, mut head: Head) -> Vec<Arc<EncodedChanges>> {
        let mut found = Vec::new();
        for changes in &self.changes {
            match classify(head, changes.after, changes.head) {
                SyncAction::Ignore => {}
                SyncAction::Apply => {
                    head = changes.head;
                    found.push(Arc::clone(changes));
                }
                SyncAction::Fetch => return Vec::new(),
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use actix_web::web::Bytes;

    use super::*;

    fn recent(heads: &[(i64, i64)], bytes: usize) -> RecentChanges {
        let mut recent = RecentChanges::default();
        for (after, head) in heads {
            let (after, head) = (Head::new(*after), Head::new(*head));
            let frame = Bytes::from(vec![0; bytes]);
            recent.push(&Arc::new(EncodedChanges { after, head, json: Bytes::new(), frame }));
        }
        recent
    }

    fn heads_since(recent: &RecentChanges, head: i64) -> Vec<i64> {
        recent.list_since(Head::new(head)).iter().map(|changes| changes.head.get()).collect()
    }

    #[test]
    fn recent_changes_need_no_gap() {
        let all = recent(&[(4, 5), (5, 7), (7, 8)], 100);
        assert_eq!(heads_since(&all, 4), [5, 7, 8]);
        assert_eq!(heads_since(&all, 7), [8]);
        assert!(heads_since(&all, 3).is_empty() && heads_since(&all, 8).is_empty());
        assert!(heads_since(&recent(&[(4, 5), (6, 7)], 100), 4).is_empty());
    }

    #[test]
    fn recent_changes_are_bounded() {
        let all = recent(&[(1, 2), (2, 3), (3, 4)], BYTES_MAX / 2);
        assert_eq!((heads_since(&all, 2), all.bytes), (vec![3, 4], BYTES_MAX));
        let too_large = recent(&[(1, 2)], BYTES_MAX + 1);
        assert_eq!((heads_since(&too_large, 1), too_large.bytes), (Vec::new(), 0));
    }
}
