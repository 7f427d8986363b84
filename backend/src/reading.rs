//! Up to where people have read, as their sockets say it: gathered in memory, and stored once a second, all in one
//! statement. Whoever asks meanwhile has it stored first. A server that is killed forgets the last second of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use shared::your_chats::Position;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::{
    app::App,
    db::{self, read_positions::Reached},
    problem::Error,
};

const STORED_EVERY: Duration = Duration::from_secs(1);
/// How long anyone waits for that.
const STORED_WITHIN: Duration = Duration::from_secs(3);

/// What was said and is not stored yet.
#[derive(Default)]
pub struct Reading {
    /// By chat and user.
    waiting: Mutex<HashMap<(i64, i64), i64>>,
    /// Held while it is being stored: whoever asks then waits for the end of it.
    storing: tokio::sync::Mutex<()>,
}

impl Reading {
    /// Takes a position; false if nothing is new about it.
    pub fn note(&self, Reached { chat_id, user_id, seq }: Reached) -> bool {
        let mut waiting = self.waiting();
        let known = waiting.entry((chat_id, user_id)).or_default();
        let is_further = *known < seq;
        *known = seq.max(*known);
        is_further
    }

    fn all(&self) -> Vec<Reached> {
        let reached = |(&(chat_id, user_id), &seq): (&(i64, i64), &i64)| Reached { chat_id, user_id, seq };
        self.waiting().iter().map(reached).collect()
    }

    fn forget(&self, stored: &[Reached]) {
        let mut waiting = self.waiting();
        for Reached { chat_id, user_id, seq } in stored {
            let key = (*chat_id, *user_id);
            // More may have been said meanwhile.
            if waiting.get(&key) == Some(seq) {
                waiting.remove(&key);
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<(i64, i64), i64>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Stores what sockets have said, once a second, until the server stops.
    pub async fn store_positions(self: &Arc<Self>) {
        let mut seconds = interval(STORED_EVERY);
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            seconds.tick().await;
            self.settle_positions(|_| true).await;
        }
    }

    /// Stores all at once if any is `wanted`. What cannot be stored now waits on. It goes to its end also if whoever asked
    /// hangs up: a statement that nobody awaits any more would hold its rows against the next.
    pub async fn settle_positions(self: &Arc<Self>, wanted: impl Fn(&Reached) -> bool) {
        if self.reading.all().iter().any(wanted) {
            let app = Arc::clone(self);
            let _ = tokio::spawn(async move { app.store_all().await }).await;
        }
    }

    async fn store_all(&self) {
        let _storing = self.reading.storing.lock().await;
        let waiting = self.reading.all();
        if waiting.is_empty() {
            return;
        }
        match timeout(STORED_WITHIN, self.store(waiting)).await {
            Ok(Ok(())) => {}
            Ok(Err(Error::Internal(error))) => {
                tracing::error!(error = format!("{error:#}"), "positions could not be stored");
            }
            Ok(Err(Error::Refused(_))) | Err(_) => tracing::warn!("positions wait for the database"),
        }
    }

    async fn store(&self, mut said: Vec<Reached>) -> Result<(), Error> {
        let moved = db::read_positions::advance(&mut *self.db.get().await?, &said).await?;
        for Reached { chat_id, user_id, seq } in moved.further {
            self.hub.note_position(chat_id, Position { user: user_id, seq });
        }
        said.retain(|reached| !moved.busy.contains(reached));
        self.reading.forget(&said);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(seq: i64) -> Reached {
        Reached { chat_id: 1, user_id: 2, seq }
    }

    #[test]
    fn a_position_never_goes_back() {
        let reading = Reading::default();
        assert!(reading.note(reached(5)));
        assert!(!reading.note(reached(4)) && !reading.note(reached(5)));
        assert_eq!(reading.all(), [reached(5)]);
    }

    #[test]
    fn what_is_said_while_it_is_stored_waits_on() {
        let reading = Reading::default();
        reading.note(reached(5));
        let stored = reading.all();
        reading.note(reached(6));
        reading.forget(&stored);
        assert_eq!(reading.all(), [reached(6)]);
        reading.forget(&[reached(6)]);
        assert!(reading.all().is_empty());
    }
}
