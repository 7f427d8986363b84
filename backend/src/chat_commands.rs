//! Executes changes of chats: one at a time per chat, in a transaction, and published after the commit.

use std::{sync::Arc, time::Duration};

use chrono::{SubsecRound, Utc};
use diesel_async::AsyncConnection;
use futures_util::{FutureExt, future::BoxFuture};
use shared::{
    changes::Changes,
    id::{ChatId, UserId},
    member::{Member, MembershipStatus, Role},
    problem::ProblemCode,
    user::User,
};
use tokio::{sync::Semaphore, time::timeout};
use uuid::Uuid;

use crate::{
    auth::cache::AuthCache,
    chat::{
        join::{self, JoinOutcome},
        retention,
        transaction::{self, ChatTransaction},
    },
    detached::run_detached,
    error::{ApiError, Rejection},
    keyed_locks::KeyedLocks,
    realtime::{
        hub::{Hub, flush_batch::FlushBatch},
        ingest::MessageIngest,
    },
    store::{
        self, Db,
        chats::{ChatRow, HeadAdvance},
        members::NewMembership,
    },
};

const LOCK_TIMEOUT: Duration = Duration::from_secs(15);
/// How many chats are changed at the same time: half of the database connections, so that the others stay free for reads.
const RUNNING_MAX: usize = 12;

pub struct ChatCommands {
    db: Db,
    epoch: Uuid,
    hub: Arc<Hub>,
    ingest: Arc<MessageIngest>,
    auth_cache: Arc<AuthCache>,
    /// Requests that change the same chat wait here: waiting for the row lock instead would hold a database connection
    /// each, and leave none to other chats.
    chat_locks: KeyedLocks<ChatId>,
    /// The changes of one user run one after the other, so that a user who changes many chats cannot take all permits of
    /// `running`.
    user_locks: KeyedLocks<UserId>,
    running: Semaphore,
}

impl ChatCommands {
    pub fn new(
        db: Db,
        epoch: Uuid,
        hub: Arc<Hub>,
        ingest: Arc<MessageIngest>,
        auth_cache: Arc<AuthCache>,
    ) -> Self {
        let (chat_locks, user_locks) = (KeyedLocks::default(), KeyedLocks::default());
        let running = Semaphore::new(RUNNING_MAX);
        Self { db, epoch, hub, ingest, auth_cache, chat_locks, user_locks, running }
    }

    /// Creates a chat; the membership of its owner is its first change.
    pub async fn create(
        self: &Arc<Self>,
        uri: String,
        owner_id: UserId,
        owned_max: usize,
    ) -> Result<ChatRow, ApiError> {
        let commands = Arc::clone(self);
        run_detached(async move {
            let mut connection = commands.db.get().await?;
            let chat = connection
                .transaction(async |connection| {
                    if store::members::count_owned_chats(connection, owner_id).await? >= owned_max {
                        return Err(ApiError::from(ProblemCode::ChatLimitReached));
                    }
                    let chat = store::chats::insert(connection, &uri).await?;
                    let (role, status) = (Role::Owner, MembershipStatus::Member);
                    let owner = NewMembership { user_id: owner_id, role, status };
                    let joined_at = chat.settings().created_at;
                    store::members::upsert(connection, chat.id, owner, chat.head.as_seq(), joined_at).await?;
                    Ok(chat)
                })
                .await?;
            // Other devices of the owner update their chat lists.
            commands.hub.announce_membership(chat.id, owner_id, MembershipStatus::Member);
            Ok(chat)
        })
        .await
    }

    /// Runs `work` on a chat in a transaction under the chat's lock, and publishes the changes. Background jobs have no actor.
    pub async fn run_transaction<T, F>(
        self: &Arc<Self>,
        actor_id: impl Into<Option<UserId>>,
        chat_id: ChatId,
        work: F,
    ) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: for<'r> FnOnce(&'r mut ChatTransaction<'_>) -> BoxFuture<'r, Result<T, ApiError>> + Send + 'static,
    {
        let commands = Arc::clone(self);
        self.run_exclusive(actor_id.into(), chat_id, async move {
            let mut connection = commands.db.get().await?;
            transaction::run(&mut connection, commands.epoch, chat_id, work).await
        })
        .await
    }

    /// Joins the chat by one of its URIs, or requests to. In the common case, a first visit to an open chat, by one statement.
    pub async fn join(
        self: &Arc<Self>,
        chat_id: ChatId,
        uri: String,
        user: User,
    ) -> Result<JoinOutcome, ApiError> {
        let commands = Arc::clone(self);
        self.run_exclusive(Some(user.id), chat_id, async move {
            let (mut connection, now) = (commands.db.get().await?, Utc::now().trunc_subsecs(3));
            if let Some(chat) =
                store::open_join::join_open_chat(&mut connection, chat_id, &uri, &user, now).await?
            {
                let member = store::members::find(&mut connection, chat_id, user.id).await?;
                let changes = chat.into_changes(commands.epoch, member.into_iter().collect(), Vec::new());
                return Ok((JoinOutcome::Joined, Some(changes)));
            }
            transaction::run(&mut connection, commands.epoch, chat_id, move |transaction| {
                async move { join::join(transaction, &user, &uri).await }.boxed()
            })
            .await
        })
        .await
    }

    /// Runs `work` when no other change of this user or this chat is under way, and publishes the changes that it has
    /// committed. Completes even if the client disconnects.
    async fn run_exclusive<T: Send + 'static>(
        self: &Arc<Self>,
        actor_id: Option<UserId>,
        chat_id: ChatId,
        work: impl Future<Output = Result<(T, Option<Changes>), ApiError>> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.ingest.check_accepting()?;
        let commands = Arc::clone(self);
        run_detached(async move {
            let turn = async {
                let user_lock = match actor_id {
                    Some(actor_id) => Some(commands.user_locks.acquire(actor_id).await),
                    None => None,
                };
                (user_lock, commands.chat_locks.acquire(chat_id).await, commands.running.acquire().await)
            };
            let busy = || Rejection::new(ProblemCode::Busy).retry_after(Duration::from_secs(2));
            let _turn = timeout(LOCK_TIMEOUT, turn).await.map_err(|_| busy())?;
            let (output, committed) = work.await?;
            if let Some(committed) = committed {
                commands.publish_commit(committed).await;
            }
            Ok(output)
        })
        .await
    }

    /// Deletes a chat for its owner, or without an actor because it has expired. Subscribers are told that it is gone.
    pub async fn delete_chat(
        self: &Arc<Self>,
        chat_id: ChatId,
        actor_id: Option<UserId>,
    ) -> Result<(), ApiError> {
        let commands = Arc::clone(self);
        run_detached(async move {
            let deletion = commands.run_transaction(actor_id, chat_id, move |transaction| {
                retention::delete_chat(transaction, actor_id).boxed()
            });
            deletion.await?;
            commands.auth_cache.invalidate_chat(chat_id);
            commands.hub.announce_deleted(chat_id).await;
            // If this fails, the background job removes what is left.
            tokio::spawn(async move { retention::purge(&commands.db, chat_id).await });
            Ok(())
        })
        .await
    }

    /// Invalidates caches and publishes the changes of a committed transaction.
    pub async fn publish_commit(&self, changes: Changes) {
        let chat_id = changes.chat_id;
        if changes.chat.is_some() {
            self.auth_cache.invalidate_chat(chat_id);
        }
        for Member { user, status, .. } in &changes.members {
            self.auth_cache.invalidate_role(chat_id, user.id);
            self.hub.announce_membership(chat_id, user.id, *status);
        }
        let is_truncated = changes.more;
        let mut batch = FlushBatch::default();
        self.hub.publish(changes, &mut batch);
        batch.flush().await;
        if is_truncated {
            // Subscribers read the rest from the database.
            self.hub.invalidate(chat_id);
        }
    }

    /// Publishes a changed user in each of their chats.
    pub async fn publish_members(&self, updated: Vec<(HeadAdvance, Member)>) {
        let mut batch = FlushBatch::default();
        for (chat, member) in updated {
            let changes = chat.into_changes(self.epoch, vec![member], Vec::new());
            self.hub.publish(changes, &mut batch);
        }
        batch.flush().await;
    }

    /// Publishes that a deleted user has left their chats, and disconnects them.
    pub async fn publish_removed_user(&self, user_id: UserId, left: Vec<(HeadAdvance, Member)>) {
        self.auth_cache.invalidate_user(user_id);
        self.hub.disconnect_user(user_id);
        for (chat, member) in left {
            self.publish_commit(chat.into_changes(self.epoch, vec![member], Vec::new())).await;
        }
    }
}
