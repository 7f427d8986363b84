//! A shard stores the posts of its chats in batches, and moves chats that would block the others, or get files, to the slow path.

use std::{
    collections::{HashMap, HashSet},
    mem,
    panic::AssertUnwindSafe,
    sync::Arc,
};

use futures_util::FutureExt;
use shared::{id::ChatId, problem::ProblemCode};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};

use super::{
    BATCH_MAX, PendingPost, QUEUE_MAX, STORE_TIMEOUT, context::IngestContext, fast_path, publish, slow_path,
};
use crate::store::StoreError;

/// The state of a chat's posts.
#[derive(Default)]
enum ChatQueue {
    /// The chat takes the fast path.
    #[default]
    Idle,
    /// A slow-path task stores posts of the chat; these wait until it ends, so that their order is kept.
    Running(Vec<PendingPost>),
}

pub struct Shard {
    context: Arc<IngestContext>,
    /// The chats that are not idle.
    queues: HashMap<ChatId, ChatQueue>,
    /// The slow-path tasks; each returns its chat.
    tasks: JoinSet<ChatId>,
}

impl Shard {
    pub fn new(context: &Arc<IngestContext>) -> Self {
        Self { context: Arc::clone(context), queues: HashMap::new(), tasks: JoinSet::new() }
    }

    /// Stores what arrives until the queue is closed, then waits for the slow path.
    pub async fn run(mut self, mut queue: mpsc::Receiver<PendingPost>) {
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                biased;
                Some(finished) = self.tasks.join_next() => self.finish_task(finished.ok()),
                received = queue.recv_many(&mut batch, BATCH_MAX) => {
                    if received == 0 {
                        break;
                    }
                    self.store(mem::take(&mut batch)).await;
                }
            }
        }
        while let Some(finished) = self.tasks.join_next().await {
            self.finish_task(finished.ok());
        }
    }

    /// Stores a batch by the fast path, except for the chats that are on the slow path or get files.
    async fn store(&mut self, batch: Vec<PendingPost>) {
        let with_files = batch.iter().filter(|pending| !pending.post.files.is_empty());
        let with_files: HashSet<_> = with_files.map(|pending| pending.chat_id).collect();
        let (fast, slow): (Vec<_>, Vec<_>) = batch.into_iter().partition(|post| {
            !self.queues.contains_key(&post.chat_id) && !with_files.contains(&post.chat_id)
        });
        self.defer(slow);
        if fast.is_empty() {
            return;
        }
        let stored = timeout(STORE_TIMEOUT, fast_path::store(&self.context.fast_db, &fast)).await;
        match stored.unwrap_or_else(|_| Err(StoreError::Unavailable)) {
            Ok(messages) => {
                let (stored, deferred) = fast_path::split_stored(fast, messages, self.context.epoch);
                publish::publish_batch(&self.context.hub, stored).await;
                self.defer(deferred);
            }
            // The slow path stores each chat separately, so only the chat that caused the conflict is delayed.
            Err(StoreError::Conflict(error)) => {
                tracing::debug!(%error, "a batch takes the slow path");
                self.defer(fast);
            }
            Err(error) => publish::fail_batch(&self.context.hub, fast, &error.into()),
        }
    }

    /// Moves posts to the slow path, chat by chat.
    fn defer(&mut self, posts: Vec<PendingPost>) {
        let mut by_chat: HashMap<ChatId, Vec<PendingPost>> = HashMap::new();
        for post in posts {
            by_chat.entry(post.chat_id).or_default().push(post);
        }
        for (chat_id, mut posts) in by_chat {
            match self.queues.entry(chat_id).or_default() {
                ChatQueue::Idle => self.start_task(chat_id, posts),
                ChatQueue::Running(waiting) => {
                    let rejected = posts.split_off(posts.len().min(QUEUE_MAX.saturating_sub(waiting.len())));
                    waiting.append(&mut posts);
                    publish::reject_batch(rejected, ProblemCode::Busy);
                }
            }
        }
    }

    fn start_task(&mut self, chat_id: ChatId, posts: Vec<PendingPost>) {
        self.queues.insert(chat_id, ChatQueue::Running(Vec::new()));
        let context = Arc::clone(&self.context);
        self.tasks.spawn(async move {
            if AssertUnwindSafe(slow_path::store_chat(&context, posts)).catch_unwind().await.is_err() {
                // The senders get no reply and retry; the chat's next posts are stored as usual.
                context.hub.invalidate(chat_id);
            }
            chat_id
        });
    }

    /// Starts the next task of a chat, or returns the chat to the fast path.
    fn finish_task(&mut self, chat_id: Option<ChatId>) {
        let Some(chat_id) = chat_id else { return };
        match self.queues.remove(&chat_id) {
            Some(ChatQueue::Running(waiting)) if !waiting.is_empty() => self.start_task(chat_id, waiting),
            _ => {}
        }
    }
}
