//! Tells everyone who listens what was stored, and answers whoever waits for it.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use shared::{changes::Changes, message::Message, problem::ProblemCode, socket::ServerFrame};

use super::{Answer, Work, shard::Store};
use crate::{
    hub::{Hub, delivery::Delivery, frame},
    problem::{Error, Refusal},
};

/// After a quick commit: returns the works that it left out.
pub async fn tell_stored(store: &Store, batch: Vec<Work>, stored: Vec<Option<Message>>) -> Vec<Work> {
    let (mut left, mut delivery) = (Vec::new(), Delivery::default());
    let mut chats: BTreeMap<i64, Changes> = BTreeMap::new();
    for (work, message) in batch.iter().zip(&stored) {
        let Some(message) = message else { continue };
        let changes = chats.entry(work.chat.id).or_insert_with(|| Changes {
            uri: work.chat.uri.clone(),
            epoch: store.epoch,
            after: message.seq - 1,
            head: message.seq,
            more: false,
            chat: None,
            members: Vec::new(),
            messages: Vec::new(),
        });
        changes.head = message.seq;
        changes.messages.push(message.clone());
    }
    for (chat_id, changes) in chats {
        store.hub.publish(chat_id, changes, &mut delivery);
    }
    for (work, message) in batch.into_iter().zip(stored) {
        match message {
            Some(message) => work.answer(Ok(message), &mut delivery),
            None => left.push(work),
        }
    }
    delivery.flush().await;
    left
}

/// Nobody knows whether they are stored; whoever waits is told to try again, which cannot store them twice.
pub fn fail(hub: &Hub, batch: Vec<Work>, error: &Error) {
    let code = error.problem().code;
    if let Error::Internal(error) = error {
        tracing::error!(error = format!("{error:#}"), "a change could not be stored");
    }
    let chats: HashSet<_> = batch.iter().map(|work| work.chat.id).collect();
    for chat_id in chats {
        hub.doubt(chat_id);
    }
    refuse(batch, code);
}

/// Nothing of them was stored.
pub fn refuse(batch: Vec<Work>, code: ProblemCode) {
    let mut delivery = Delivery::default();
    for work in batch {
        let refusal = Refusal::new(code).retry_after(Duration::from_secs(2));
        work.answer(Err(refusal.into()), &mut delivery);
    }
}

impl Work {
    /// Tells whoever sent it what became of it.
    pub fn answer(self, done: Result<Message, Error>, delivery: &mut Delivery) {
        let (session, client_id) = match self.answer {
            // Whoever stopped waiting will ask again.
            Answer::Request(waiting) => return drop(waiting.send(done)),
            Answer::Socket { session, client_id } => (session, client_id),
        };
        let answer = match done {
            Ok(Message { seq, revision, .. }) => ServerFrame::Posted { client_id, seq, revision },
            Err(error) => {
                let (client_id, uri) = (Some(client_id), Some(self.chat.uri));
                ServerFrame::Refused { client_id, uri, problem: error.problem() }
            }
        };
        if let Some(frame) = frame::text(&answer) {
            delivery.answer(&session, frame);
        }
    }
}
