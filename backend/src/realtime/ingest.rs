//! Group commit for posts: while one batch is being committed the next one gathers, so posts that arrive together share
//! the cost of a commit. A chat always belongs to the same shard, which keeps the order of its messages.

mod context;
mod fast_path;
mod plan;
mod publish;
mod shard;
mod slow_path;

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::available_parallelism,
    time::Duration,
};

use shared::{
    id::{ChatId, Seq},
    mentions::Mentions,
    message::Message,
    problem::ProblemCode,
    user::User,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};
use uuid::Uuid;

use self::{context::IngestContext, shard::Shard};
use crate::{
    error::{ApiError, Rejection},
    realtime::hub::{Hub, connection::Connection},
};

/// Posts per commit.
const BATCH_MAX: usize = 500;
/// One shard per core, up to this many: fewer shards make larger batches, and the commit is what costs.
const SHARDS_MAX: usize = 4;
/// Posts that may wait for a shard; more are rejected.
const QUEUE_MAX: usize = 4_096;
/// How long a post may take to be stored.
const STORE_TIMEOUT: Duration = Duration::from_secs(15);

/// The content of a post.
#[derive(Clone, Debug)]
pub struct Post {
    pub client_id: Uuid,
    pub message: String,
    /// The message that it replies to.
    pub reply_to: Option<Seq>,
    /// Whom it mentions, of the members at the time.
    pub mentions: Mentions,
    /// The ids of its files.
    pub files: Vec<Uuid>,
}

/// A post that is waiting to be stored.
struct PendingPost {
    chat_id: ChatId,
    user: User,
    post: Post,
    origin: PostOrigin,
}

/// The result of a post.
#[derive(Clone, Debug)]
pub struct IngestedPost {
    pub message: Message,
    /// Whether the message had been stored before, by the same post.
    pub is_replay: bool,
}

/// Where a post came from, and its result is sent.
enum PostOrigin {
    Request(oneshot::Sender<Result<IngestedPost, ApiError>>),
    Socket(Arc<Connection>),
}

/// Accepts posts and hands them to the shards.
pub struct MessageIngest {
    /// Empty once the server drains.
    shards: Mutex<Vec<mpsc::Sender<PendingPost>>>,
    tasks: tokio::sync::Mutex<JoinSet<()>>,
}

impl MessageIngest {
    pub fn start(database_url: &str, hub: &Arc<Hub>, epoch: Uuid) -> anyhow::Result<Self> {
        let count = available_parallelism().map_or(1, usize::from).min(SHARDS_MAX);
        let context = Arc::new(IngestContext::new(database_url, count, Arc::clone(hub), epoch)?);
        let (mut shards, mut tasks) = (Vec::new(), JoinSet::new());
        for _ in 0..count {
            let (sender, queue) = mpsc::channel(QUEUE_MAX);
            tasks.spawn(Shard::new(&context).run(queue));
            shards.push(sender);
        }
        Ok(Self { shards: shards.into(), tasks: tasks.into() })
    }

    /// Stores a message, or finds the one that was stored under the same `client_id` before.
    pub async fn post(&self, chat_id: ChatId, user: User, post: Post) -> Result<IngestedPost, ApiError> {
        let (sender, receiver) = oneshot::channel();
        self.enqueue(PendingPost { chat_id, user, post, origin: PostOrigin::Request(sender) })?;
        timeout(STORE_TIMEOUT, receiver).await.map_err(|_| busy())?.map_err(|_| busy())?
    }

    /// Like [`Self::post`], but the result is sent to the connection as a frame.
    pub fn post_from_socket(
        &self,
        connection: &Arc<Connection>,
        chat_id: ChatId,
        user: User,
        post: Post,
    ) -> Result<(), ApiError> {
        let origin = PostOrigin::Socket(Arc::clone(connection));
        self.enqueue(PendingPost { chat_id, user, post, origin })
    }

    fn enqueue(&self, post: PendingPost) -> Result<(), ApiError> {
        let shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        let index = usize::try_from(post.chat_id.get()).unwrap_or_default().checked_rem(shards.len());
        let shard = index.and_then(|index| shards.get(index)).ok_or_else(busy)?;
        shard.try_send(post).map_err(|_| busy())
    }

    /// Returns an error once the server drains before it stops.
    pub fn check_accepting(&self) -> Result<(), ApiError> {
        let is_draining = self.shards.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if is_draining { Err(busy()) } else { Ok(()) }
    }

    /// Rejects new posts, and waits until all accepted ones are stored and answered.
    pub async fn drain(&self) {
        self.shards.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let mut tasks = self.tasks.lock().await;
        while tasks.join_next().await.is_some() {}
    }
}

fn busy() -> ApiError {
    Rejection::new(ProblemCode::Busy).retry_after(Duration::from_secs(2)).into()
}
