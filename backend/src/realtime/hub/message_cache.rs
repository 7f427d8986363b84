//! Caches the newest messages of active chats as serialized JSON. The published changes keep it current; a chat whose
//! changes do not fit the sync rule is dropped from the cache and read again.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_web::web::Bytes;
use moka::sync::Cache;
use shared::{
    changes::Changes,
    id::{ChatId, Head},
    message::Message,
    sync::{SyncAction, classify},
};

use super::{frame::json, lock};
use crate::keyed_locks::{KeyedGuard, KeyedLocks};

/// Cached messages per chat.
pub const MESSAGES_MAX: usize = 200;
/// Cached bytes per chat.
const BYTES_MAX: usize = 128 * 1024;
/// Cached chats.
const CHATS_MAX: u64 = 400;
/// A chat is read again after this time even if nothing contradicts the cache.
const TTL: Duration = Duration::from_mins(1);

pub struct MessageCache {
    chats: Cache<ChatId, Arc<Mutex<CachedChat>>>,
    /// Held by the request that reads a chat from the database; the others wait for what it caches.
    fills: KeyedLocks<ChatId>,
}

/// The newest messages of one chat.
#[derive(Default)]
struct CachedChat {
    /// None while the chat is being read from the database.
    head: Option<Head>,
    /// What was published while the chat was being read.
    published: Vec<Changes>,
    /// What is being read may be outdated and must not be cached.
    invalidated: bool,
    messages: VecDeque<Bytes>,
    /// The size of the messages, or of what was published while the chat is being read.
    bytes: usize,
    /// The chat has messages before the cached ones.
    has_earlier: bool,
    /// The last page that was returned, with its limit.
    page: Option<(usize, CachedPage)>,
}

/// A page of the newest messages.
#[derive(Clone)]
pub struct CachedPage {
    pub head: Head,
    pub has_earlier: bool,
    /// JSON objects, separated by commas.
    pub messages: Bytes,
}

/// A read from the database that is in progress. Its result is cached, with the messages that were published meanwhile.
pub struct CacheFill {
    chat: Arc<Mutex<CachedChat>>,
}

impl Default for MessageCache {
    fn default() -> Self {
        let chats = Cache::builder().max_capacity(CHATS_MAX).time_to_live(TTL).build();
        Self { chats, fills: KeyedLocks::default() }
    }
}

impl MessageCache {
    /// The newest `limit` messages, if they are cached.
    pub fn newest(&self, chat_id: ChatId, limit: usize) -> Option<CachedPage> {
        let chat = self.chats.get(&chat_id)?;
        lock(&chat).newest(limit)
    }

    /// Waits until no other request reads the chat from the database.
    pub async fn lock_fill(&self, chat_id: ChatId) -> KeyedGuard<ChatId> {
        self.fills.acquire(chat_id).await
    }

    /// Must be called before the chat is read from the database, so that no change is missed.
    pub fn begin_fill(&self, chat_id: ChatId) -> CacheFill {
        let chat = Arc::<Mutex<CachedChat>>::default();
        self.chats.insert(chat_id, Arc::clone(&chat));
        CacheFill { chat }
    }

    pub(super) fn apply_changes(&self, changes: &Changes) {
        let Some(chat) = self.chats.get(&changes.chat_id) else { return };
        if !lock(&chat).apply_changes(changes) {
            self.invalidate(changes.chat_id);
        }
    }

    pub(super) fn invalidate(&self, chat_id: ChatId) {
        if let Some(chat) = self.chats.remove(&chat_id) {
            lock(&chat).invalidated = true;
        }
    }
}

impl CacheFill {
    /// Caches what was read, unless other changes than new messages were published since; returns the newest `limit`
    /// messages of it.
    pub fn complete(self, head: Head, messages: &[Message], has_earlier: bool, limit: usize) -> CachedPage {
        // Messages newer than the head will be published.
        let up_to_head = messages.iter().filter(|message| message.revision <= head.as_seq());
        let encoded: Vec<Bytes> = up_to_head.filter_map(json).map(Bytes::from).collect();
        let page = CachedPage::from_messages(head, has_earlier, encoded.iter(), limit);
        lock(&self.chat).fill(head, encoded, has_earlier);
        page
    }
}

impl CachedPage {
    fn from_messages<'a>(
        head: Head,
        has_earlier: bool,
        messages: impl ExactSizeIterator<Item = &'a Bytes>,
        limit: usize,
    ) -> Self {
        let skipped = messages.len().saturating_sub(limit);
        let mut joined = Vec::new();
        for (index, message) in messages.skip(skipped).enumerate() {
            if index > 0 {
                joined.push(b',');
            }
            joined.extend_from_slice(message);
        }
        Self { head, has_earlier: has_earlier || skipped > 0, messages: joined.into() }
    }
}

impl CachedChat {
    fn fill(&mut self, head: Head, messages: Vec<Bytes>, has_earlier: bool) {
        let published = mem::take(&mut self.published);
        if self.invalidated {
            return;
        }
        (self.head, self.has_earlier, self.bytes) = (Some(head), has_earlier, 0);
        for message in messages {
            self.push(message);
        }
        if !published.iter().all(|changes| self.apply_changes(changes)) {
            self.head = None;
            self.invalidated = true;
        }
    }

    /// Applies published changes; false if the cached messages are outdated by them.
    fn apply_changes(&mut self, changes: &Changes) -> bool {
        let Some(head) = self.head else {
            let contents = changes.messages.iter().map(Message::content_size).sum::<usize>();
            self.bytes += contents + size_of_val(changes.messages.as_slice());
            self.published.push(changes.clone());
            return !self.invalidated && self.bytes <= BYTES_MAX;
        };
        match classify(head, changes.after, changes.head) {
            SyncAction::Ignore => true,
            SyncAction::Fetch => false,
            SyncAction::Apply => self.append(head, changes),
        }
    }

    /// Appends new messages. Other changes are not applied: a changed display name occurs in many messages, and settings
    /// may shorten the retention. One who joins has no new name.
    fn append(&mut self, head: Head, changes: &Changes) -> bool {
        let has_only_joins = changes.members.iter().all(|member| member.seq == member.revision);
        let has_only_new = has_only_joins
            && changes.chat.is_none()
            && changes.messages.iter().all(|message| message.seq > head.as_seq());
        if has_only_new {
            self.head = Some(changes.head);
            self.page = None;
            changes.messages.iter().filter_map(json).for_each(|message| self.push(message.into()));
        }
        has_only_new
    }

    fn push(&mut self, message: Bytes) {
        self.bytes += message.len();
        self.messages.push_back(message);
        while self.messages.len() > MESSAGES_MAX || (self.bytes > BYTES_MAX && self.messages.len() > 1) {
            self.bytes -= self.messages.pop_front().map_or(0, |oldest| oldest.len());
            self.has_earlier = true;
        }
    }

    fn newest(&mut self, limit: usize) -> Option<CachedPage> {
        let head = self.head?;
        if self.messages.len() < limit && self.has_earlier {
            return None;
        }
        match &self.page {
            Some((page_limit, page)) if *page_limit == limit => Some(page.clone()),
            _ => {
                let page = CachedPage::from_messages(head, self.has_earlier, self.messages.iter(), limit);
                self.page = Some((limit, page.clone()));
                Some(page)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use shared::{
        id::{MessageId, Seq, UserId},
        member::{Member, MembershipStatus, Role},
        mentions::Mentions,
        user::User,
    };
    use uuid::Uuid;

    use super::*;

    const CHAT_ID: ChatId = ChatId::new(1);

    fn message(number: i64) -> Message {
        let seq = Seq::new(number);
        Message {
            id: MessageId::new(number),
            seq,
            revision: seq,
            client_id: Uuid::nil(),
            created_at: DateTime::UNIX_EPOCH,
            user: User { id: UserId::new(1), username: "ada".into(), ..User::default() },
            message: format!("message {number}"),
            reply_to: None,
            mentions: Mentions::default(),
            edited_at: None,
            event: None,
            deleted: false,
            files: Vec::new(),
            reactions: Vec::new(),
        }
    }

    fn member(seq: i64, revision: i64) -> Member {
        Member {
            user: User { id: UserId::new(1), username: "ada".into(), ..User::default() },
            role: Role::Writer,
            status: MembershipStatus::Member,
            seq: Seq::new(seq),
            revision: Seq::new(revision),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    fn changes(after: i64, messages: &[i64]) -> Changes {
        Changes {
            chat_id: CHAT_ID,
            epoch: Uuid::nil(),
            after: Head::new(after),
            head: Head::new(*messages.last().unwrap()),
            more: false,
            chat: None,
            members: Vec::new(),
            messages: messages.iter().copied().map(message).collect(),
        }
    }

    fn seqs(page: &CachedPage) -> Vec<i64> {
        let json = [b"[", &page.messages[..], b"]"].concat();
        serde_json::from_slice::<Vec<Message>>(&json)
            .unwrap()
            .iter()
            .map(|message| message.seq.get())
            .collect()
    }

    fn fill(cache: &MessageCache, head: i64, seqs: &[i64]) {
        let messages: Vec<_> = seqs.iter().copied().map(message).collect();
        cache.begin_fill(CHAT_ID).complete(Head::new(head), &messages, false, 1);
    }

    #[test]
    fn changes_after_fill_extend_page() {
        let cache = MessageCache::default();
        assert!(cache.newest(CHAT_ID, 2).is_none());
        fill(&cache, 3, &[2, 3]);
        cache.apply_changes(&changes(3, &[4, 5]));
        cache.apply_changes(&changes(3, &[4, 5]));
        let page = cache.newest(CHAT_ID, 3).unwrap();
        assert_eq!((page.head.get(), page.has_earlier, seqs(&page)), (5, true, vec![3, 4, 5]));
        let page = cache.newest(CHAT_ID, 9).unwrap();
        assert_eq!((page.head.get(), page.has_earlier, seqs(&page)), (5, false, vec![2, 3, 4, 5]));
    }

    #[test]
    fn join_keeps_cached_page_and_rename_drops_it() {
        let cache = MessageCache::default();
        fill(&cache, 3, &[2, 3]);
        let joined = Changes { members: vec![member(4, 4)], messages: Vec::new(), ..changes(3, &[4]) };
        cache.apply_changes(&joined);
        let page = cache.newest(CHAT_ID, 9).unwrap();
        assert_eq!((page.head.get(), seqs(&page)), (4, vec![2, 3]));
        let renamed = Changes { members: vec![member(4, 5)], messages: Vec::new(), ..changes(4, &[5]) };
        cache.apply_changes(&renamed);
        assert!(cache.newest(CHAT_ID, 1).is_none());
    }

    #[test]
    fn changes_with_gap_invalidate_chat() {
        let cache = MessageCache::default();
        fill(&cache, 3, &[2, 3]);
        cache.apply_changes(&changes(4, &[5]));
        assert!(cache.newest(CHAT_ID, 1).is_none());
    }

    #[test]
    fn fill_includes_messages_published_meanwhile() {
        let cache = MessageCache::default();
        let fill = cache.begin_fill(CHAT_ID);
        for (after, seq) in [(2, 3), (3, 4), (4, 5)] {
            cache.apply_changes(&changes(after, &[seq]));
        }
        fill.complete(Head::new(3), &[message(2), message(3)], false, 1);
        cache.apply_changes(&changes(5, &[6]));
        let page = cache.newest(CHAT_ID, 9).unwrap();
        assert_eq!((page.head.get(), seqs(&page)), (6, vec![2, 3, 4, 5, 6]));
    }

    #[test]
    fn fill_with_other_concurrent_change_is_not_cached() {
        let cache = MessageCache::default();
        let renamed = Changes { members: vec![member(2, 4)], ..changes(3, &[4]) };
        let large = Message { message: "x".repeat(BYTES_MAX + 1), ..message(4) };
        for published in [renamed, changes(4, &[5]), Changes { messages: vec![large], ..changes(3, &[4]) }] {
            let fill = cache.begin_fill(CHAT_ID);
            cache.apply_changes(&published);
            fill.complete(Head::new(3), &[message(2), message(3)], false, 1);
            assert!(cache.newest(CHAT_ID, 1).is_none(), "{published:?}");
        }
        let fill = cache.begin_fill(CHAT_ID);
        cache.invalidate(CHAT_ID);
        fill.complete(Head::new(4), &[message(4)], true, 1);
        assert!(cache.newest(CHAT_ID, 1).is_none(), "it was invalidated");
        let fill = cache.begin_fill(CHAT_ID);
        fill.complete(Head::new(4), &[message(4), message(5)], true, 1);
        cache.apply_changes(&changes(4, &[5]));
        assert_eq!(seqs(&cache.newest(CHAT_ID, 2).unwrap()), [4, 5]);
    }

    #[test]
    fn cache_keeps_only_newest_messages() {
        let cache = MessageCache::default();
        fill(&cache, 1, &[1]);
        for seq in 2..=300 {
            cache.apply_changes(&changes(seq - 1, &[seq]));
        }
        let page = cache.newest(CHAT_ID, MESSAGES_MAX).unwrap();
        assert_eq!((seqs(&page).len(), seqs(&page)[0], page.has_earlier), (200, 101, true));
        assert!(cache.newest(CHAT_ID, MESSAGES_MAX + 1).is_none());
    }
}
