//! Stores a batch of new messages in one statement, which is also its transaction. Nearly every message takes this path.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound, Utc};
use shared::{changes::Changes, id::ChatId, message::Message};
use uuid::Uuid;

use super::{IngestedPost, PendingPost, Post, publish::StoredBatch};
use crate::store::{
    Db, StoreError,
    chats::HeadAdvance,
    messages::posting::{self, NewPosts, StoredPost},
};

/// The columns of a batch.
struct BatchColumns<'a> {
    posts: NewPosts<'a>,
    /// The indices of each chat's posts in the batch.
    indices: BTreeMap<ChatId, Vec<usize>>,
}

/// Returns the message for each post, or None if a post to its chat is not permitted any more.
pub async fn store(db: &Db, batch: &[PendingPost]) -> Result<Vec<Option<Message>>, StoreError> {
    // Milliseconds, so that the reply equals what is read back later.
    let now = Utc::now().trunc_subsecs(3);
    let BatchColumns { posts, indices } = build_columns(batch, now);
    let mut connection = db.get().await?;
    let stored = posting::insert_batch(&mut connection, &posts).await?;
    Ok(messages_in_batch_order(batch, &indices, stored, now))
}

/// Splits a batch into what was stored and the posts that have to take the slow path.
pub fn split_stored(
    batch: Vec<PendingPost>,
    messages: Vec<Option<Message>>,
    epoch: Uuid,
) -> (StoredBatch, Vec<PendingPost>) {
    let (mut chats, mut replies, mut deferred) = (BTreeMap::<ChatId, Changes>::new(), Vec::new(), Vec::new());
    for (post, message) in batch.into_iter().zip(messages) {
        let Some(message) = message else {
            deferred.push(post);
            continue;
        };
        let changes = chats.entry(post.chat_id).or_insert_with(|| {
            let (after, head) = (message.seq.preceding_head(), message.seq.as_head());
            HeadAdvance { chat_id: post.chat_id, after, head }.into_changes(epoch, Vec::new(), Vec::new())
        });
        changes.head = message.seq.as_head();
        changes.messages.push(message.clone());
        replies.push((post, Ok(IngestedPost { message, is_replay: false })));
    }
    (StoredBatch { changes: chats.into_values().collect(), replies }, deferred)
}

fn build_columns(batch: &[PendingPost], now: DateTime<Utc>) -> BatchColumns<'_> {
    let mut posts = NewPosts { created_at: now, ..NewPosts::default() };
    let mut indices: BTreeMap<ChatId, Vec<usize>> = BTreeMap::new();
    for (index, PendingPost { chat_id, user, post, .. }) in batch.iter().enumerate() {
        let of_chat = indices.entry(*chat_id).or_default();
        of_chat.push(index);
        posts.chat_ids.push(*chat_id);
        posts.ordinals.push(to_i64(of_chat.len()));
        posts.user_ids.push(user.id);
        posts.client_ids.push(post.client_id);
        posts.messages.push(&post.message);
        posts.reply_to.push(post.reply_to);
        posts.mentions.push(&post.mentions);
    }
    BatchColumns { posts, indices }
}

/// The rows come back in any order; within a chat their numbers follow the order of the batch.
fn messages_in_batch_order(
    batch: &[PendingPost],
    indices: &BTreeMap<ChatId, Vec<usize>>,
    mut stored: Vec<StoredPost>,
    now: DateTime<Utc>,
) -> Vec<Option<Message>> {
    let mut messages = vec![None; batch.len()];
    stored.sort_unstable_by_key(|row| (row.chat_id, row.seq));
    for rows in stored.chunk_by(|row, next| row.chat_id == next.chat_id) {
        let of_chat = rows.first().and_then(|row| indices.get(&row.chat_id));
        for (index, row) in of_chat.into_iter().flatten().zip(rows) {
            if let (Some(message), Some(post)) = (messages.get_mut(*index), batch.get(*index)) {
                *message = Some(build_message(post, row, now));
            }
        }
    }
    messages
}

fn build_message(pending: &PendingPost, row: &StoredPost, created_at: DateTime<Utc>) -> Message {
    let Post { client_id, message, reply_to, mentions, .. } = &pending.post;
    Message {
        id: row.id,
        seq: row.seq,
        revision: row.seq,
        client_id: *client_id,
        created_at,
        user: pending.user.public(),
        message: message.clone(),
        reply_to: *reply_to,
        mentions: mentions.clone(),
        // Posts with files take the slow path.
        files: Vec::new(),
        edited_at: None,
        event: None,
        deleted: false,
        reactions: Vec::new(),
    }
}

fn to_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
