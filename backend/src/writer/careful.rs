//! The way of everything that is not simply new: joins, what may have been stored before, and chats that somebody else
//! has locked. It waits for locks, and looks before it writes.

use std::collections::HashMap;

use chrono::{SubsecRound, Utc};
use diesel_async::AsyncConnection;
use shared::{member::Member, message::Message, problem::ProblemCode};
use tokio::time::timeout;

use super::{
    Act, Done, STORED_WITHIN, Work, busy,
    plan::{self, Known, Outcome, Plan},
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
            let (mut chat_ids, mut user_ids, mut client_ids) = (Vec::new(), Vec::new(), Vec::new());
            for work in batch {
                chat_ids.push(work.chat.id);
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
            let acts = batch.iter().map(|work| (work.chat.id, &work.user, &work.act));
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

async fn finish(store: &Store, batch: Vec<Work>, plan: Plan) {
    let Plan { outcomes, members, messages, ids, raised, unchanged } = plan;
    let chats_of: Vec<_> = messages.iter().map(|message| message.chat_id).collect();
    let stored: Vec<_> = messages.into_iter().zip(ids).map(|(message, id)| message.stored_as(id)).collect();
    let mut told: HashMap<i64, (Vec<Member>, Vec<Message>)> = HashMap::new();
    for joining in members {
        told.entry(joining.chat_id).or_default().0.push(joining.member);
    }
    for (chat_id, message) in chats_of.into_iter().zip(&stored) {
        told.entry(chat_id).or_default().1.push(message.clone());
    }
    let mut delivery = Delivery::default();
    // What is found to be stored may have been stored while nobody knew: whoever has not heard of this head reads.
    for chat in raised.into_iter().chain(unchanged) {
        let (chat_id, (members, messages)) = (chat.chat_id, told.remove(&chat.chat_id).unwrap_or_default());
        store.hub.publish(chat_id, chat.changes(store.epoch, members, messages), &mut delivery);
    }
    for (work, outcome) in batch.into_iter().zip(outcomes) {
        work.answer(outcome.answer(&stored), &mut delivery);
    }
    delivery.flush().await;
}

impl Outcome {
    fn answer(self, stored: &[Message]) -> Result<Done, Error> {
        match self {
            Self::Stored(place) => stored
                .get(place)
                .map(|message| Done::Posted(Box::new(message.clone())))
                .ok_or_else(|| Error::Internal(anyhow::anyhow!("a stored message got no id"))),
            Self::Known(message) => Ok(Done::Posted(message)),
            Self::Joined => Ok(Done::Joined),
            Self::Reused => Err(ProblemCode::ClientIdReused.into()),
            Self::Gone => Err(ProblemCode::ChatEnded.into()),
        }
    }
}
