//! Group commit: what gathers while a batch is being committed is the next batch.

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

pub struct Post {
    pub peer: usize,
    pub chat: String,
    pub id: String,
    pub message: String,
}

pub struct Store {
    posts: queue::UnboundedSender<Post>,
    stored: mpsc::Receiver<Vec<Post>>,
}

impl Store {
    pub fn start(url: String, waker: Waker) -> Result<Self> {
        let (posts, gathered) = queue::unbounded_channel();
        let (tell, stored) = mpsc::channel();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (client, insert) = runtime.block_on(connect(url))?;
        thread::spawn(move || runtime.block_on(commit(&client, &insert, gathered, tell, &waker)));
        Ok(Self { posts, stored })
    }

    pub fn send(&self, post: Post) -> Result<()> {
        self.posts.send(post).ok().context("nothing stores any more")
    }

    /// Everything that was committed since.
    pub fn stored(&self) -> Vec<Post> {
        self.stored.try_iter().flatten().collect()
    }
}

async fn connect(url: String) -> Result<(Client, Statement)> {
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
    tokio::spawn(connection);
    let insert = client.prepare(INSERT).await?;
    Ok((client, insert))
}

async fn commit(
    client: &Client,
    insert: &Statement,
    mut gathered: queue::UnboundedReceiver<Post>,
    tell: mpsc::Sender<Vec<Post>>,
    waker: &Waker,
) -> Result<()> {
    let mut batch = Vec::new();
    while gathered.recv_many(&mut batch, 1_000).await > 0 {
        let chats: Vec<i64> = batch.iter().map(|post| post.chat.parse()).collect::<Result<_, _>>()?;
        let ids: Vec<&str> = batch.iter().map(|post| post.id.as_str()).collect();
        let messages: Vec<&str> = batch.iter().map(|post| post.message.as_str()).collect();
        client.execute(insert, &[&chats, &ids, &messages]).await?;
        tell.send(std::mem::take(&mut batch)).ok().context("nobody waits")?;
        waker.wake()?;
    }
    Ok(())
}
