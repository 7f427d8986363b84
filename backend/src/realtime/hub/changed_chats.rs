//! The chats that have changed since they were last taken, for the search index.

use std::{
    collections::HashSet,
    mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use shared::id::ChatId;
use tokio::sync::Notify;

#[derive(Default)]
pub struct ChangedChats {
    chats: Mutex<HashSet<ChatId>>,
    changed: Notify,
    messages: AtomicU64,
}

impl ChangedChats {
    /// Records that a chat has changed, and how many messages changed.
    pub fn record(&self, chat_id: ChatId, messages: usize) {
        self.messages.fetch_add(u64::try_from(messages).unwrap_or_default(), Ordering::Relaxed);
        if self.lock().insert(chat_id) {
            self.changed.notify_one();
        }
    }

    /// Waits until a chat has changed.
    pub async fn wait(&self) {
        self.changed.notified().await;
    }

    pub fn take(&self) -> HashSet<ChatId> {
        mem::take(&mut *self.lock())
    }

    /// How many messages have changed since the start.
    pub fn count_messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<ChatId>> {
        self.chats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
