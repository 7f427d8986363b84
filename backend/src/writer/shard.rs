//! One writer of several: stores what waits for it in one statement, and sets aside what would hold up the rest.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use shared::problem::ProblemCode;
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::timeout,
};
use uuid::Uuid;

use super::{
    QUEUE, STORED_WITHIN, Work, busy, careful,
    quick::{self, Trouble},
    telling,
};
use crate::{db::Db, hub::Hub};

/// The most that is stored in one commit.
const BATCH: usize = 500;
/// How many chats that were set aside are stored at a time, over all shards.
const ASIDE_MAX: usize = 8;
/// For so long the quick way waits for a lock; whoever holds one longer is waited for aside.
const LOCKED_FOR: Duration = Duration::from_millis(100);

/// What stores and tells; shared with the tasks of the chats that were set aside.
pub struct Store {
    /// Connections that wait for no lock, and others that do.
    pub quick: Db,
    pub careful: Db,
    pub hub: Arc<Hub>,
    pub epoch: Uuid,
    turns: Semaphore,
}

pub struct Shard {
    store: Arc<Store>,
    /// What waits for chats that were set aside: while something of a chat is there, all that follows must be behind it.
    aside: HashMap<i64, Vec<Work>>,
    tasks: JoinSet<i64>,
}

impl Shard {
    pub fn new(store: &Arc<Store>) -> Self {
        Self { store: Arc::clone(store), aside: HashMap::new(), tasks: JoinSet::new() }
    }

    pub async fn run(mut self, mut queue: mpsc::Receiver<Work>) {
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                biased;
                Some(done) = self.tasks.join_next() => self.go_on_with(done.ok()),
                taken = queue.recv_many(&mut batch, BATCH) => {
                    if taken == 0 {
                        break;
                    }
                    self.settle(std::mem::take(&mut batch)).await;
                }
            }
        }
        while let Some(done) = self.tasks.join_next().await {
            self.go_on_with(done.ok());
        }
    }

    /// Stores what can be stored at once, and sets the rest aside.
    async fn settle(&mut self, batch: Vec<Work>) {
        // A chat of which a part must wait waits as a whole, or its order would change.
        let (quick, rest): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|work| !self.aside.contains_key(&work.chat.id));
        self.set_aside(rest);
        if quick.is_empty() {
            return;
        }
        let stored = timeout(STORED_WITHIN, quick::store(&self.store.quick, &quick)).await;
        match stored.unwrap_or_else(|_| Err(Trouble::Down(busy()))) {
            Ok(stored) => {
                let left = telling::tell_stored(&self.store, quick, stored).await;
                self.set_aside(left);
            }
            // Each chat by itself shows which it was, and the others do not wait for it.
            Err(Trouble::Contested(why)) => {
                tracing::debug!(%why, "a batch is stored with care");
                self.set_aside(quick);
            }
            Err(Trouble::Down(error)) => telling::fail(&self.store.hub, quick, &error),
        }
    }

    /// Has these stored chat by chat, beside everything else.
    fn set_aside(&mut self, works: Vec<Work>) {
        let mut refused = Vec::new();
        for work in works {
            let chat_id = work.chat.id;
            let waiting = self.aside.entry(chat_id).or_insert_with(|| {
                // Begins at once, and finds nothing: what waits is taken when it ends.
                self.tasks.spawn(async move { chat_id });
                Vec::new()
            });
            let is_full = waiting.len() >= QUEUE;
            if is_full { &mut refused } else { waiting }.push(work);
        }
        telling::refuse(refused, ProblemCode::Busy);
    }

    /// A task has ended: its chat either has more to do, or is as quick as any other.
    fn go_on_with(&mut self, chat_id: Option<i64>) {
        let Some(chat_id) = chat_id else { return };
        match self.aside.get_mut(&chat_id).map(std::mem::take) {
            Some(batch) if !batch.is_empty() => {
                let store = Arc::clone(&self.store);
                self.tasks.spawn(async move {
                    let stored = AssertUnwindSafe(store.store_with_care(batch)).catch_unwind().await;
                    if stored.is_err() {
                        // Whoever waits is told to try again, since nobody answers; the chat goes on.
                        store.hub.doubt(chat_id);
                    }
                    chat_id
                });
            }
            _ => drop(self.aside.remove(&chat_id)),
        }
    }
}

impl Store {
    /// The writer has connections of its own, so that readers do not keep it waiting.
    pub fn new(database_url: &str, shards: usize, hub: Arc<Hub>, epoch: Uuid) -> anyhow::Result<Self> {
        let quick = Db::with_lock_timeout(database_url, shards, LOCKED_FOR)?;
        let careful = Db::new(database_url, ASIDE_MAX)?;
        Ok(Self { quick, careful, hub, epoch, turns: Semaphore::new(ASIDE_MAX) })
    }

    async fn store_with_care(&self, mut batch: Vec<Work>) {
        let _turn = self.turns.acquire().await;
        while !batch.is_empty() {
            let rest = batch.split_off(batch.len().min(BATCH));
            careful::settle(self, batch).await;
            batch = rest;
        }
    }
}
