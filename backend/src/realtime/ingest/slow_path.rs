//! Stores posts that may have been stored before, posts with files, and posts of locked chats: waits for the lock, then looks up what exists
//! before it writes.

use std::collections::HashMap;

use chrono::{SubsecRound, Utc};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use shared::{id::ChatId, message::Message};
use tokio::time::timeout;

use super::{
    BATCH_MAX, IngestedPost, PendingPost, STORE_TIMEOUT, busy,
    context::IngestContext,
    plan::{BatchPlan, LockedState, PostOutcome},
    publish::{self, StoredBatch},
};
use crate::{
    error::ApiError,
    store::{self, StoreError, chats::LockedChat},
};

/// Stores the posts of one chat, as soon as a slot is free.
pub async fn store_chat(context: &IngestContext, mut posts: Vec<PendingPost>) {
    let _slot = context.slow_path_slots.acquire().await;
    while !posts.is_empty() {
        let rest = posts.split_off(posts.len().min(BATCH_MAX));
        store_and_publish(context, posts).await;
        posts = rest;
    }
}

async fn store_and_publish(context: &IngestContext, batch: Vec<PendingPost>) {
    let committed = timeout(STORE_TIMEOUT, commit(context, &batch)).await;
    match committed.unwrap_or_else(|_| Err(busy())) {
        Ok(plan) => publish::publish_batch(&context.hub, into_stored(context, batch, plan)).await,
        // The database may reject a single post, which must not fail the others.
        Err(ApiError::Internal(error)) if batch.len() > 1 => {
            tracing::error!(
                error = format!("{error:#}"),
                "cannot store a batch; storing its posts one by one"
            );
            for post in batch {
                Box::pin(store_and_publish(context, vec![post])).await;
            }
        }
        Err(error) => publish::fail_batch(&context.hub, batch, &error),
    }
}

async fn commit(context: &IngestContext, batch: &[PendingPost]) -> Result<BatchPlan, ApiError> {
    let mut connection = context.slow_db.get().await?;
    connection
        .transaction(async |connection| {
            let mut chat_ids: Vec<_> = batch.iter().map(|pending| pending.chat_id).collect();
            chat_ids.sort_unstable();
            chat_ids.dedup();
            // The locks come first, so that what is read after them stays true until the commit.
            let chats = store::chats::lock(connection, &chat_ids).await?;
            let state = read_state(connection, batch, chats).await?;
            let posts = batch.iter().map(|pending| (pending.chat_id, &pending.user, &pending.post));
            let mut plan = BatchPlan::new(posts, state, Utc::now().trunc_subsecs(3));
            if !plan.messages.is_empty() {
                plan.ids = store::messages::insert(connection, &plan.messages).await?;
                store::files::set_messages(connection, &plan.posted_files()).await?;
            }
            if !plan.advanced.is_empty() {
                store::chats::update_heads(connection, &plan.advanced).await?;
            }
            Ok(plan)
        })
        .await
}

async fn read_state(
    connection: &mut AsyncPgConnection,
    batch: &[PendingPost],
    chats: Vec<LockedChat>,
) -> Result<LockedState, StoreError> {
    let chat_ids: Vec<_> = chats.iter().map(|chat| chat.id).collect();
    let client_ids: Vec<_> = batch.iter().map(|pending| pending.post.client_id).collect();
    let user_ids: Vec<_> = batch.iter().map(|pending| pending.user.id).collect();
    let roles = store::members::list_roles(connection, &chat_ids, &user_ids).await?;
    let sent = store::messages::find_sent(connection, &chat_ids, &client_ids).await?;
    let targets: Vec<_> =
        batch.iter().filter_map(|pending| Some((pending.chat_id, pending.post.reply_to?))).collect();
    let reply_targets = store::messages::find_reply_targets(connection, &targets).await?;
    let file_ids: Vec<_> = batch.iter().flat_map(|pending| &pending.post.files).copied().collect();
    let files = store::files::lock_unposted(connection, &file_ids).await?;
    let key = |chat_id, message: &Message| (chat_id, message.user.id, message.client_id);
    let existing = sent.into_iter().map(|(chat_id, sent)| (key(chat_id, &sent.message), sent)).collect();
    Ok(LockedState { chats, roles, existing, reply_targets, files })
}

fn into_stored(context: &IngestContext, batch: Vec<PendingPost>, plan: BatchPlan) -> StoredBatch {
    let BatchPlan { outcomes, messages, ids, advanced, unchanged } = plan;
    let chat_ids: Vec<_> = messages.iter().map(|message| message.chat_id).collect();
    let stored: Vec<_> = messages.into_iter().zip(ids).map(|(message, id)| message.stored_as(id)).collect();
    let mut by_chat: HashMap<ChatId, Vec<Message>> = HashMap::new();
    for (chat_id, message) in chat_ids.into_iter().zip(&stored) {
        by_chat.entry(chat_id).or_default().push(message.clone());
    }
    // Unchanged chats are published too: an earlier commit may have succeeded without being published, and subscribers
    // that do not know this head will fetch.
    let chats = advanced.into_iter().chain(unchanged);
    let changes = chats.map(|chat| {
        let messages = by_chat.remove(&chat.chat_id).unwrap_or_default();
        chat.into_changes(context.epoch, Vec::new(), messages)
    });
    let changes = changes.collect();
    let results = outcomes.into_iter().map(|outcome| outcome.into_result(&stored));
    StoredBatch { changes, replies: batch.into_iter().zip(results).collect() }
}

impl PostOutcome {
    fn into_result(self, stored: &[Message]) -> Result<IngestedPost, ApiError> {
        let is_replay = !matches!(self, Self::Stored(_));
        let message = match self {
            Self::Stored(index) | Self::Repeated(index) => stored
                .get(index)
                .cloned()
                .ok_or_else(|| ApiError::Internal(anyhow::anyhow!("a stored message has no id")))?,
            Self::Existing(message) => *message,
            Self::Rejected(code) => return Err(code.into()),
        };
        Ok(IngestedPost { message, is_replay })
    }
}
