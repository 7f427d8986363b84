//! Group commit: posts that arrive while a batch is committed form the next batch.

use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result};
use mio::Waker;
use tokio::runtime::Builder;
use tokio::sync::mpsc as queue;
use tokio_postgres::{Client, NoTls, Statement};

/// One row of parameters for a whole batch.
const INSERT: &str = "INSERT INTO messages (chat_id, user_id, client_id, message)
    SELECT chat, 1, id::uuid, message FROM unnest($1::bigint[], $2::text[], $3::text[]) AS batch (chat, id, message)";

pub struct QueuedPost {
    pub connection: usize,
    pub chat: String,
    pub id: String,
    pub message: String,
}

pub struct GroupCommitStore {
    posts: queue::UnboundedSender<QueuedPost>,
    stored: mpsc::Receiver<Vec<QueuedPost>>,
}

impl GroupCommitStore {
    pub fn start(url: String, waker: Waker) -> Result<Self> {
        let (posts, queued) = queue::unbounded_channel();
        let (committed, stored) = mpsc::channel();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (client, insert) = runtime.block_on(connect(url))?;
        thread::spawn(move || runtime.block_on(run(&client, &insert, queued, committed, &waker)));
        Ok(Self { posts, stored })
    }

    pub fn enqueue(&self, post: QueuedPost) -> Result<()> {
        self.posts.send(post).ok().context("the store has stopped")
    }

    /// All posts committed since the last call.
    pub fn take_stored(&self) -> Vec<QueuedPost> {
        self.stored.try_iter().flatten().collect()
    }
}

async fn connect(url: String) -> Result<(Client, Statement)> {
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
    tokio::spawn(connection);
    let insert = client.prepare(INSERT).await?;
    Ok((client, insert))
}

async fn run(
    client: &Client,
    insert: &Statement,
    mut queued: queue::UnboundedReceiver<QueuedPost>,
    committed: mpsc::Sender<Vec<QueuedPost>>,
    waker: &Waker,
) -> Result<()> {
    let mut batch = Vec::new();
    while queued.recv_many(&mut batch, 1_000).await > 0 {
        let chats: Vec<i64> = batch.iter().map(|post| post.chat.parse()).collect::<Result<_, _>>()?;
        let ids: Vec<&str> = batch.iter().map(|post| post.id.as_str()).collect();
        let messages: Vec<&str> = batch.iter().map(|post| post.message.as_str()).collect();
        client.execute(insert, &[&chats, &ids, &messages]).await?;
        committed.send(std::mem::take(&mut batch)).ok().context("the receiver is gone")?;
        waker.wake()?;
    }
    Ok(())
}
