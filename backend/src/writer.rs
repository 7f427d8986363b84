//! Numbers and stores what people do in chats, together with what others do at the same time.
//!
//! While one batch is being committed the next one gathers, so a commit is paid for by everyone who waits and a quiet
//! chat pays for one alone. A chat always goes to the same shard, which keeps its order.

mod plan;

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{SubsecRound, Utc};
use diesel_async::AsyncConnection;
use shared::{member::Member, message::Message, problem::ProblemCode, user::User};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use uuid::Uuid;

use self::plan::{Known, Outcome, Plan};
use crate::{
    db::{self, Db},
    hub::Hub,
    problem::{Error, Refusal},
};

/// Chats are dealt to so many writers, so that one whose row is locked holds up only its own share.
const SHARDS: usize = 4;
/// The most that is stored in one commit.
const BATCH: usize = 500;
/// How much may wait for a shard before more is refused.
const QUEUE: usize = 4_096;
/// How long anyone waits to be stored.
const STORED_WITHIN: Duration = Duration::from_secs(15);

/// What somebody does in a chat.
#[derive(Clone, Debug)]
pub enum Act {
    Post { client_id: Uuid, message: String },
    Join,
}

/// An act on its way into the database.
struct Work {
    chat_id: i64,
    user: User,
    act: Act,
    answer: oneshot::Sender<Result<Done, Error>>,
}

enum Done {
    Posted(Message),
    Joined,
}

/// The way in.
pub struct Writer {
    shards: Vec<mpsc::Sender<Work>>,
}

impl Writer {
    pub fn start(db: &Db, hub: &Arc<Hub>, epoch: Uuid) -> Self {
        let shards = (0..SHARDS)
            .map(|_| {
                let (sender, queue) = mpsc::channel(QUEUE);
                let shard = Shard { db: db.clone(), hub: Arc::clone(hub), epoch };
                tokio::spawn(shard.run(queue));
                sender
            })
            .collect();
        Self { shards }
    }

    /// Stores a message, or finds the one that was stored under the same `client_id` before.
    pub async fn post(
        &self,
        chat_id: i64,
        user: User,
        client_id: Uuid,
        message: String,
    ) -> Result<Message, Error> {
        match self.work(chat_id, user, Act::Post { client_id, message }).await? {
            Done::Posted(message) => Ok(message),
            Done::Joined => Err(Error::Internal(anyhow::anyhow!("a post was answered as a join"))),
        }
    }

    /// Makes the user a member, if they are not one yet.
    pub async fn join(&self, chat_id: i64, user: User) -> Result<(), Error> {
        self.work(chat_id, user, Act::Join).await.map(|_| ())
    }

    async fn work(&self, chat_id: i64, user: User, act: Act) -> Result<Done, Error> {
        let shard = usize::try_from(chat_id).unwrap_or_default() % self.shards.len();
        let shard = self.shards.get(shard).ok_or_else(busy)?;
        let (answer, answered) = oneshot::channel();
        shard.try_send(Work { chat_id, user, act, answer }).map_err(|_| busy())?;
        timeout(STORED_WITHIN, answered).await.map_err(|_| busy())?.map_err(|_| busy())?
    }
}

fn busy() -> Error {
    Refusal::new(ProblemCode::Busy).retry_after(Duration::from_secs(2)).into()
}

struct Shard {
    db: Db,
    hub: Arc<Hub>,
    epoch: Uuid,
}

impl Shard {
    async fn run(self, mut queue: mpsc::Receiver<Work>) {
        let mut batch = Vec::new();
        while queue.recv_many(&mut batch, BATCH).await > 0 {
            self.settle(std::mem::take(&mut batch)).await;
        }
    }

    /// Stores a batch, tells everyone, and answers.
    async fn settle(&self, batch: Vec<Work>) {
        let error = match self.commit(&batch).await {
            Ok(plan) => return self.finish(batch, plan),
            Err(error) => error,
        };
        // The commit may have gone through before the connection broke: whoever listens must look.
        for work in &batch {
            self.hub.doubt(work.chat_id);
        }
        match error {
            // One of them may be what the database cannot store: it alone shall fail.
            Error::Internal(error) if batch.len() > 1 => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "a batch failed; its parts are stored one by one"
                );
                for work in batch {
                    Box::pin(self.settle(vec![work])).await;
                }
            }
            error => fail(batch, error),
        }
    }

    async fn commit(&self, batch: &[Work]) -> Result<Plan, Error> {
        let mut connection = self.db.get().await?;
        connection
            .transaction(async |connection| {
                let (mut chat_ids, mut user_ids, mut client_ids) = (Vec::new(), Vec::new(), Vec::new());
                for work in batch {
                    chat_ids.push(work.chat_id);
                    match &work.act {
                        Act::Post { client_id, .. } => client_ids.push(*client_id),
                        Act::Join => user_ids.push(work.user.id),
                    }
                }
                chat_ids.sort_unstable();
                chat_ids.dedup();
                // The locks come first: what is read after them stays true until the commit.
                let chats = db::chats::lock(connection, &chat_ids).await?;
                let mut known = Known::default();
                if !client_ids.is_empty() {
                    let sent = db::messages::sent_before(connection, &chat_ids, &client_ids).await?;
                    known.messages =
                        sent.into_iter().map(|(chat, m)| ((chat, m.user.id, m.client_id), m)).collect();
                }
                if !user_ids.is_empty() {
                    let members = db::members::existing(connection, &chat_ids, &user_ids).await?;
                    known.members = members.into_iter().collect();
                }
                let acts = batch.iter().map(|work| (work.chat_id, &work.user, &work.act));
                // Milliseconds are what the wire and the screen can use; the answer equals what is read back later.
                let mut plan = Plan::of(acts, chats, known, Utc::now().trunc_subsecs(3));
                if !plan.members.is_empty() {
                    let rows: Vec<_> = plan.members.iter().map(plan::Joining::row).collect();
                    db::members::insert(connection, &rows).await?;
                }
                if !plan.messages.is_empty() {
                    plan.ids = db::messages::insert(connection, &plan.messages).await?;
                }
                if !plan.raised.is_empty() {
                    db::chats::raise(connection, &plan.raised).await?;
                }
                Ok(plan)
            })
            .await
    }

    fn finish(&self, batch: Vec<Work>, plan: Plan) {
        let Plan { outcomes, members, messages, ids, raised } = plan;
        let chats_of: Vec<_> = messages.iter().map(|message| message.chat_id).collect();
        let stored: Vec<_> =
            messages.into_iter().zip(ids).map(|(message, id)| message.stored_as(id)).collect();
        let mut told: HashMap<i64, (Vec<Member>, Vec<Message>)> = HashMap::new();
        for joining in members {
            told.entry(joining.chat_id).or_default().0.push(joining.member);
        }
        for (chat_id, message) in chats_of.into_iter().zip(&stored) {
            told.entry(chat_id).or_default().1.push(message.clone());
        }
        for chat in raised {
            let (chat_id, (members, messages)) =
                (chat.chat_id, told.remove(&chat.chat_id).unwrap_or_default());
            self.hub.publish(chat_id, chat.changes(self.epoch, members, messages));
        }
        for (work, outcome) in batch.into_iter().zip(outcomes) {
            // Whoever stopped waiting will ask again.
            let _ = work.answer.send(outcome.answer(&stored));
        }
    }
}

impl Outcome {
    fn answer(self, stored: &[Message]) -> Result<Done, Error> {
        match self {
            Self::Stored(place) => stored
                .get(place)
                .cloned()
                .map(Done::Posted)
                .ok_or_else(|| Error::Internal(anyhow::anyhow!("a stored message got no id"))),
            Self::Known(message) => Ok(Done::Posted(*message)),
            Self::Joined => Ok(Done::Joined),
            Self::Reused => Err(ProblemCode::ClientIdReused.into()),
            Self::Gone => Err(ProblemCode::ChatNotFound.into()),
        }
    }
}

fn fail(batch: Vec<Work>, error: Error) {
    let code = error.problem().code;
    if let Error::Internal(error) = error {
        tracing::error!(error = format!("{error:#}"), "a change could not be stored");
    }
    for work in batch {
        let refusal = Refusal::new(code).retry_after(Duration::from_secs(2));
        let _ = work.answer.send(Err(refusal.into()));
    }
}
