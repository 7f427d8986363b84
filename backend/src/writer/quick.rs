//! The way of nearly every message: one statement for a whole batch, which is also its transaction.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound, Utc};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use shared::message::Message;

use super::{Post, Work};
use crate::{
    db::{
        Db,
        messages::posting::{self, NewPosts, StoredPost},
    },
    problem::Error,
};

/// Why nothing was stored.
pub enum Trouble {
    /// Something in the batch was stored before, is locked by somebody else, or cannot be stored at all.
    Contested(DieselError),
    /// The database cannot be had.
    Down(Error),
}

/// The messages of a batch, and where each chat's works stand in it; chats by their ids, in which order they are locked.
struct Sorted<'a> {
    posts: NewPosts<'a>,
    places: BTreeMap<i64, Vec<usize>>,
}

/// For each work its message, unless its chat is gone.
pub async fn store(db: &Db, batch: &[Work]) -> Result<Vec<Option<Message>>, Trouble> {
    // Milliseconds are what the wire and the screen can use; the answer equals what is read back later.
    let now = Utc::now().trunc_subsecs(3);
    let Sorted { posts, places } = sorted(batch, now);
    let mut connection = db.get().await.map_err(Trouble::Down)?;
    let stored = posting::post(&mut connection, &posts).await.map_err(judge)?;
    Ok(in_order(batch, &places, stored, now))
}

fn judge(error: DieselError) -> Trouble {
    match error {
        DieselError::DatabaseError(kind, _) if !matches!(kind, DatabaseErrorKind::ClosedConnection) => {
            Trouble::Contested(error)
        }
        error => Trouble::Down(error.into()),
    }
}

fn sorted(batch: &[Work], now: DateTime<Utc>) -> Sorted<'_> {
    let mut posts = NewPosts { created_at: now, ..NewPosts::default() };
    let mut places: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (place, work) in batch.iter().enumerate() {
        let of_chat = places.entry(work.chat.id).or_default();
        of_chat.push(place);
        posts.chat_ids.push(work.chat.id);
        posts.nths.push(number(of_chat.len()));
        posts.user_ids.push(work.user.id);
        posts.client_ids.push(work.post.client_id);
        posts.messages.push(&work.post.message);
    }
    (posts.chats, posts.counts) = places.iter().map(|(id, places)| (*id, number(places.len()))).unzip();
    Sorted { posts, places }
}

/// The rows come back in any order; within a chat their numbers follow the order of the batch.
fn in_order(
    batch: &[Work],
    places: &BTreeMap<i64, Vec<usize>>,
    mut stored: Vec<StoredPost>,
    now: DateTime<Utc>,
) -> Vec<Option<Message>> {
    let mut messages = vec![None; batch.len()];
    stored.sort_unstable_by_key(|row| (row.chat_id, row.seq));
    for rows in stored.chunk_by(|one, next| one.chat_id == next.chat_id) {
        let of_chat = rows.first().and_then(|row| places.get(&row.chat_id));
        for (place, row) in of_chat.into_iter().flatten().zip(rows) {
            if let (Some(message), Some(work)) = (messages.get_mut(*place), batch.get(*place)) {
                *message = Some(message_of(work, row, now));
            }
        }
    }
    messages
}

fn message_of(work: &Work, row: &StoredPost, created_at: DateTime<Utc>) -> Message {
    let Post { client_id, message } = &work.post;
    let (id, seq, user) = (row.id, row.seq, work.user.public());
    Message {
        id,
        seq,
        revision: seq,
        client_id: *client_id,
        created_at,
        user,
        message: message.clone(),
        event: None,
        deleted: false,
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
