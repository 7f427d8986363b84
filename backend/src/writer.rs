//! Numbers and stores what people say in chats, together with what others say at the same time.
//!
//! While one batch is being committed the next one gathers, so a commit is paid for by everyone who waits and a quiet
//! chat pays for one alone. A chat always goes to the same shard, which keeps its order.

mod careful;
mod plan;
mod quick;
mod shard;
mod telling;

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::available_parallelism,
    time::Duration,
};

use shared::{message::Message, problem::ProblemCode, user::User};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};
use uuid::Uuid;

use self::shard::{Shard, Store};
use crate::{
    db::chats::Address,
    hub::{Hub, session::Session},
    problem::{Error, Refusal},
};

/// One shard for each core, and no more than this: fewer make larger batches, and the commit is what costs.
const SHARDS_MAX: usize = 4;
/// How much may wait for a shard before more is refused.
const QUEUE: usize = 4_096;
/// How long anyone waits to be stored.
const STORED_WITHIN: Duration = Duration::from_secs(15);

/// What somebody says in a chat.
#[derive(Clone, Debug)]
struct Post {
    client_id: Uuid,
    message: String,
}

/// A post on its way into the database.
struct Work {
    chat: Address,
    user: User,
    post: Post,
    answer: Answer,
}

/// Who wants to know what became of it.
enum Answer {
    Request(oneshot::Sender<Result<Message, Error>>),
    Socket { session: Arc<Session>, client_id: Uuid },
}

/// The way in.
pub struct Writer {
    /// Empty once the server drains.
    shards: Mutex<Vec<mpsc::Sender<Work>>>,
    running: tokio::sync::Mutex<JoinSet<()>>,
}

impl Writer {
    pub fn start(database_url: &str, hub: &Arc<Hub>, epoch: Uuid) -> anyhow::Result<Self> {
        let count = available_parallelism().map_or(1, usize::from).min(SHARDS_MAX);
        let store = Arc::new(Store::new(database_url, count, Arc::clone(hub), epoch)?);
        let (mut shards, mut running) = (Vec::new(), JoinSet::new());
        for _ in 0..count {
            let (sender, queue) = mpsc::channel(QUEUE);
            running.spawn(Shard::new(&store).run(queue));
            shards.push(sender);
        }
        Ok(Self { shards: shards.into(), running: running.into() })
    }

    /// Stores a message, or finds the one that was stored under the same `client_id` before.
    pub async fn post(
        &self,
        chat: Address,
        user: User,
        client_id: Uuid,
        message: String,
    ) -> Result<Message, Error> {
        let (answer, answered) = oneshot::channel();
        let post = Post { client_id, message };
        self.take(Work { chat, user, post, answer: Answer::Request(answer) })?;
        timeout(STORED_WITHIN, answered).await.map_err(|_| busy())?.map_err(|_| busy())?
    }

    /// The same for a post by socket, which is answered there.
    pub fn post_by(
        &self,
        session: &Arc<Session>,
        chat: Address,
        user: User,
        client_id: Uuid,
        message: String,
    ) -> Result<(), Error> {
        let answer = Answer::Socket { session: Arc::clone(session), client_id };
        self.take(Work { chat, user, post: Post { client_id, message }, answer })
    }

    fn take(&self, work: Work) -> Result<(), Error> {
        let shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        let place = usize::try_from(work.chat.id).unwrap_or_default().checked_rem(shards.len());
        let shard = place.and_then(|place| shards.get(place)).ok_or_else(busy)?;
        shard.try_send(work).map_err(|_| busy())
    }

    /// Refuses once it takes nothing more: the server is about to stop.
    pub fn check_open(&self) -> Result<(), Error> {
        let is_closed = self.shards.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if is_closed { Err(busy()) } else { Ok(()) }
    }

    /// Takes nothing more, and waits until all that was taken is stored and answered.
    pub async fn drain(&self) {
        self.shards.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let mut running = self.running.lock().await;
        while running.join_next().await.is_some() {}
    }
}

fn busy() -> Error {
    Refusal::new(ProblemCode::Busy).retry_after(Duration::from_secs(2)).into()
}
