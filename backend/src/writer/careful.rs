//! The way of everything that is not simply new: what may have been stored before, and chats that somebody else has
//! locked. It waits for locks, and looks before it writes.

use std::collections::HashMap;

use chrono::{SubsecRound, Utc};
use diesel_async::AsyncConnection;
use shared::{message::Message, problem::ProblemCode};
use tokio::time::timeout;

use super::{
    STORED_WITHIN, Work, busy,
    plan::{Known, Outcome, Plan},
    shard::Store,
    telling,
};
use crate::{db, hub::delivery::Delivery, problem::Error};

/// Stores a batch, tells everyone, and answers.
pub async fn settle(store: &Store, batch: Vec<Work>) {
    let stored = timeout(STORED_WITHIN, commit(store, &batch)).await;
    match stored.unwrap_or_else(|_| Err(busy())) {
        Ok(plan) => finish(store, batch, plan).await,
        // One of them may be what the database cannot store: it alone shall fail.
        Err(Error::Internal(error)) if batch.len() > 1 => {
            tracing::error!(error = format!("{error:#}"), "a batch failed; its parts are stored one by one");
            for work in batch {
                Box::pin(settle(store, vec![work])).await;
            }
        }
        Err(error) => telling::fail(&store.hub, batch, &error),
    }
}

async fn commit(store: &Store, batch: &[Work]) -> Result<Plan, Error> {
    let mut connection = store.careful.get().await?;
    connection
        .transaction(async |connection| {
            let client_ids: Vec<_> = batch.iter().map(|work| work.post.client_id).collect();
            let mut chat_ids: Vec<_> = batch.iter().map(|work| work.chat.id).collect();
            chat_ids.sort_unstable();
            chat_ids.dedup();
            // The locks come first: what is read after them stays true until the commit.
            let chats = db::chats::lock(connection, &chat_ids).await?;
            let sent = db::messages::sent_before(connection, &chat_ids, &client_ids).await?;
            let known: Known =
                sent.into_iter().map(|(chat, m)| ((chat, m.user.id, m.client_id), m)).collect();
            let posts = batch.iter().map(|work| (work.chat.id, &work.user, &work.post));
            let mut plan = Plan::of(posts, chats, known, Utc::now().trunc_subsecs(3));
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

async fn finish(store: &Store, batch: Vec<Work>, plan: Plan) {
    let Plan { outcomes, messages, ids, raised, unchanged } = plan;
    let chats_of: Vec<_> = messages.iter().map(|message| message.chat_id).collect();
    let stored: Vec<_> = messages.into_iter().zip(ids).map(|(message, id)| message.stored_as(id)).collect();
    let mut told: HashMap<i64, Vec<Message>> = HashMap::new();
    for (chat_id, message) in chats_of.into_iter().zip(&stored) {
        told.entry(chat_id).or_default().push(message.clone());
    }
    let mut delivery = Delivery::default();
    // What is found to be stored may have been stored while nobody knew: whoever has not heard of this head reads.
    for chat in raised.into_iter().chain(unchanged) {
        let (chat_id, messages) = (chat.chat_id, told.remove(&chat.chat_id).unwrap_or_default());
        store.hub.publish(chat_id, chat.changes(store.epoch, Vec::new(), messages), &mut delivery);
    }
    for (work, outcome) in batch.into_iter().zip(outcomes) {
        work.answer(outcome.answer(&stored), &mut delivery);
    }
    delivery.flush().await;
}

impl Outcome {
    fn answer(self, stored: &[Message]) -> Result<Message, Error> {
        match self {
            Self::Stored(place) => stored
                .get(place)
                .cloned()
                .ok_or_else(|| Error::Internal(anyhow::anyhow!("a stored message got no id"))),
            Self::Known(message) => Ok(*message),
            Self::Reused => Err(ProblemCode::ClientIdReused.into()),
            Self::Gone => Err(ProblemCode::ChatEnded.into()),
        }
    }
}
