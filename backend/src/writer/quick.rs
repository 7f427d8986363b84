//! The way of nearly every message: one statement for a whole batch, which is also its transaction.

use chrono::{DateTime, SubsecRound, Utc};
use shared::message::Message;

use super::{Act, Work};
use crate::{
    db::{
        Db,
        messages::{self, NewPosts},
    },
    problem::Error,
};

/// For each work its message, unless its chat was locked by somebody else or is gone. Nothing at all is stored if
/// anything in the batch was stored before.
pub async fn store(db: &Db, batch: &[Work]) -> Result<Vec<Option<Message>>, Error> {
    // Milliseconds are what the wire and the screen can use; the answer equals what is read back later.
    let now = Utc::now().trunc_subsecs(3);
    let posts = posts(batch, now);
    let stored = messages::post(&mut *db.get().await?, &posts).await?;
    let mut messages = vec![None; batch.len()];
    for row in stored {
        let place = usize::try_from(row.place - 1).unwrap_or(usize::MAX);
        if let (Some(message), Some(work)) = (messages.get_mut(place), batch.get(place)) {
            *message = message_of(work, row.id, row.seq, now);
        }
    }
    Ok(messages)
}

fn posts(batch: &[Work], now: DateTime<Utc>) -> NewPosts<'_> {
    let mut posts = NewPosts { created_at: now, ..NewPosts::default() };
    for work in batch {
        if let Act::Post { client_id, message } = &work.act {
            posts.chat_ids.push(work.chat.id);
            posts.user_ids.push(work.user.id);
            posts.client_ids.push(*client_id);
            posts.messages.push(message);
        }
    }
    posts
}

fn message_of(work: &Work, id: i64, seq: i64, created_at: DateTime<Utc>) -> Option<Message> {
    let Act::Post { client_id, message } = &work.act else { return None };
    let user = work.user.public();
    Some(Message {
        id,
        seq,
        revision: seq,
        client_id: *client_id,
        created_at,
        user,
        message: message.clone(),
    })
}
