//! The newest messages of the chats that are being read, as JSON that is ready to be sent. They are kept true by the same
//! changes that members hear; whatever does not fit the rule makes us forget the chat and read it anew.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_web::web::Bytes;
use moka::sync::Cache;
use shared::{
    changes::Changes,
    message::Message,
    timeline::{Verdict, judge},
};

use super::{frame::json, lock};

/// How many messages of a chat are kept, and how many bytes of them.
pub const MESSAGES_MAX: usize = 200;
const BYTES_MAX: usize = 128 * 1024;
/// How many chats, and for how long: however true they are kept, they are read anew now and then.
const CHATS_MAX: u64 = 400;
const LIFE: Duration = Duration::from_mins(1);

/// The chats that are in memory.
pub struct Recent {
    chats: Cache<i64, Arc<Mutex<Chat>>>,
}

/// The end of one chat.
#[derive(Default)]
struct Chat {
    /// Nothing while it is being read from the database.
    head: Option<i64>,
    /// The highest head that was heard of meanwhile.
    heard: i64,
    /// Something happened that makes what is being read worthless.
    spoilt: bool,
    messages: VecDeque<Bytes>,
    bytes: usize,
    /// Whether there are messages before these.
    earlier: bool,
    /// The page that was asked for last, and how many messages were wanted.
    page: Option<(usize, Page)>,
}

/// The newest messages of a chat.
#[derive(Clone)]
pub struct Page {
    pub head: i64,
    pub earlier: bool,
    /// JSON objects with commas between them.
    pub messages: Bytes,
}

/// A chat that is being read from the database, to be kept if nothing happens to it meanwhile.
pub struct Reading {
    chat: Arc<Mutex<Chat>>,
}

impl Default for Recent {
    fn default() -> Self {
        Self { chats: Cache::builder().max_capacity(CHATS_MAX).time_to_live(LIFE).build() }
    }
}

impl Recent {
    /// The newest `limit` messages, if they are in memory.
    pub fn newest(&self, chat_id: i64, limit: usize) -> Option<Page> {
        let chat = self.chats.get(&chat_id)?;
        lock(&chat).newest(limit)
    }

    /// To be called before the chat is read, so that nothing falls between.
    pub fn reading(&self, chat_id: i64) -> Reading {
        let chat = Arc::<Mutex<Chat>>::default();
        self.chats.insert(chat_id, Arc::clone(&chat));
        Reading { chat }
    }

    pub(super) fn hear(&self, chat_id: i64, changes: &Changes) {
        let Some(chat) = self.chats.get(&chat_id) else { return };
        if !lock(&chat).hear(changes) {
            self.forget(chat_id);
        }
    }

    pub(super) fn forget(&self, chat_id: i64) {
        if let Some(chat) = self.chats.remove(&chat_id) {
            lock(&chat).spoilt = true;
        }
    }
}

impl Reading {
    /// Keeps what was read, if it holds all that has been heard of since; returns the newest `limit` of it.
    pub fn keep(self, head: i64, messages: &[Message], earlier: bool, limit: usize) -> Page {
        // What was posted while the page was being read will be heard of.
        let read = messages.iter().filter(|message| message.revision <= head);
        let read: Vec<Bytes> = read.filter_map(json).map(Bytes::from).collect();
        let page = Page::of(head, earlier, read.iter(), limit);
        let mut chat = lock(&self.chat);
        if !chat.spoilt && chat.heard <= head {
            (chat.head, chat.earlier) = (Some(head), earlier);
            for message in read {
                chat.push(message);
            }
        }
        page
    }
}

impl Page {
    fn of<'a>(
        head: i64,
        earlier: bool,
        messages: impl ExactSizeIterator<Item = &'a Bytes>,
        limit: usize,
    ) -> Self {
        let left_out = messages.len().saturating_sub(limit);
        let mut joined = Vec::new();
        for (place, message) in messages.skip(left_out).enumerate() {
            if place > 0 {
                joined.push(b',');
            }
            joined.extend_from_slice(message);
        }
        Self { head, earlier: earlier || left_out > 0, messages: joined.into() }
    }
}

impl Chat {
    /// Takes changes in; false if that cannot be.
    fn hear(&mut self, changes: &Changes) -> bool {
        let Some(head) = self.head else {
            self.heard = self.heard.max(changes.head);
            return !self.spoilt;
        };
        match judge(head, changes.after, changes.head) {
            Verdict::Ignore => true,
            Verdict::Fetch => false,
            Verdict::Apply => {
                // A name that changed stands in many messages, a message may change that is kept already, and a
                // chat may keep fewer.
                let only_messages = changes.members.is_empty() && changes.chat.is_none();
                let only_new = only_messages && changes.messages.iter().all(|m| m.seq > head);
                if only_new {
                    self.head = Some(changes.head);
                    self.page = None;
                    changes.messages.iter().filter_map(json).for_each(|message| self.push(message.into()));
                }
                only_new
            }
        }
    }

    fn push(&mut self, message: Bytes) {
        self.bytes += message.len();
        self.messages.push_back(message);
        while self.messages.len() > MESSAGES_MAX || (self.bytes > BYTES_MAX && self.messages.len() > 1) {
            self.bytes -= self.messages.pop_front().map_or(0, |oldest| oldest.len());
            self.earlier = true;
        }
    }

    fn newest(&mut self, limit: usize) -> Option<Page> {
        let head = self.head?;
        if self.messages.len() < limit && self.earlier {
            return None;
        }
        match &self.page {
            Some((wanted, page)) if *wanted == limit => Some(page.clone()),
            _ => {
                let page = Page::of(head, self.earlier, self.messages.iter(), limit);
                self.page = Some((limit, page.clone()));
                Some(page)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use shared::user::User;
    use uuid::Uuid;

    use super::*;

    fn message(seq: i64) -> Message {
        Message {
            id: seq,
            seq,
            revision: seq,
            client_id: Uuid::nil(),
            created_at: DateTime::UNIX_EPOCH,
            user: User { id: 1, username: "ada".into(), ..User::default() },
            message: format!("message {seq}"),
            event: None,
            deleted: false,
        }
    }

    fn changes(after: i64, messages: &[i64]) -> Changes {
        Changes {
            uri: "tea".into(),
            epoch: Uuid::nil(),
            after,
            head: *messages.last().unwrap(),
            more: false,
            chat: None,
            members: Vec::new(),
            messages: messages.iter().copied().map(message).collect(),
        }
    }

    fn seqs(page: &Page) -> Vec<i64> {
        let json = [b"[", &page.messages[..], b"]"].concat();
        serde_json::from_slice::<Vec<Message>>(&json).unwrap().iter().map(|message| message.seq).collect()
    }

    fn read(recent: &Recent, head: i64, seqs: &[i64]) {
        let messages: Vec<_> = seqs.iter().copied().map(message).collect();
        recent.reading(1).keep(head, &messages, false, 1);
    }

    #[test]
    fn what_is_read_and_then_heard_is_one_page() {
        let recent = Recent::default();
        assert!(recent.newest(1, 2).is_none());
        read(&recent, 3, &[2, 3]);
        recent.hear(1, &changes(3, &[4, 5]));
        recent.hear(1, &changes(3, &[4, 5]));
        let page = recent.newest(1, 3).unwrap();
        assert_eq!((page.head, page.earlier, seqs(&page)), (5, true, vec![3, 4, 5]));
        let page = recent.newest(1, 9).unwrap();
        assert_eq!((page.head, page.earlier, seqs(&page)), (5, false, vec![2, 3, 4, 5]));
    }

    #[test]
    fn a_gap_is_not_papered_over() {
        let recent = Recent::default();
        read(&recent, 3, &[2, 3]);
        recent.hear(1, &changes(4, &[5]));
        assert!(recent.newest(1, 1).is_none());
    }

    #[test]
    fn a_page_that_was_read_before_something_happened_is_not_kept() {
        let recent = Recent::default();
        let reading = recent.reading(1);
        recent.hear(1, &changes(3, &[4]));
        reading.keep(3, &[message(2), message(3)], false, 1);
        assert!(recent.newest(1, 1).is_none(), "4 was heard of");
        let reading = recent.reading(1);
        recent.forget(1);
        reading.keep(4, &[message(4)], true, 1);
        assert!(recent.newest(1, 1).is_none(), "it was in doubt");
        let reading = recent.reading(1);
        reading.keep(4, &[message(4), message(5)], true, 1);
        recent.hear(1, &changes(4, &[5]));
        assert_eq!(seqs(&recent.newest(1, 2).unwrap()), [4, 5]);
    }

    #[test]
    fn only_the_newest_are_kept() {
        let recent = Recent::default();
        read(&recent, 1, &[1]);
        for seq in 2..=300 {
            recent.hear(1, &changes(seq - 1, &[seq]));
        }
        let page = recent.newest(1, MESSAGES_MAX).unwrap();
        assert_eq!((seqs(&page).len(), seqs(&page)[0], page.earlier), (200, 101, true));
        assert!(recent.newest(1, MESSAGES_MAX + 1).is_none());
    }
}
