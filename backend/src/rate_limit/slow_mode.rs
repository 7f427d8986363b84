//! Slow mode: the minimum time between two messages of a writer. The last messages are remembered, and read from the
//! database if they are not, as after a restart.

use std::time::Duration;

use moka::{
    ops::compute::{CompResult, Op},
    sync::Cache,
};
use shared::{
    chat::SLOW_MODE_SECONDS_MAX,
    id::{ChatId, UserId},
    problem::ProblemCode,
};
use uuid::Uuid;

use crate::{
    clock::Clock,
    error::{ApiError, Rejection},
    store::{
        Db,
        messages::{LastPost, find_last_post},
    },
};

/// How many last messages are remembered.
const WRITERS_MAX: u64 = 100_000;

pub struct SlowMode {
    clock: Clock,
    last_posts: Cache<(ChatId, UserId), LastPost>,
}

impl SlowMode {
    pub fn new(clock: Clock) -> Self {
        let longest = Duration::from_secs(SLOW_MODE_SECONDS_MAX.into());
        let last_posts = Cache::builder().max_capacity(WRITERS_MAX).time_to_live(longest).build();
        Self { clock, last_posts }
    }

    /// Counts a message, unless the writer has to wait. The last message may be sent again, because its response may have
    /// been lost.
    pub async fn check(
        &self,
        db: &Db,
        author: (ChatId, UserId),
        seconds: u32,
        client_id: Uuid,
    ) -> Result<(), ApiError> {
        if seconds == 0 {
            return Ok(());
        }
        if !self.last_posts.contains_key(&author) {
            Box::pin(self.load(db, author)).await?;
        }
        self.count(author, seconds, client_id)
    }

    async fn load(&self, db: &Db, author: (ChatId, UserId)) -> Result<(), ApiError> {
        if let Some(last) = find_last_post(&mut *db.get().await?, author.0, author.1).await? {
            // A concurrent message may have been counted meanwhile.
            self.last_posts.entry(author).or_insert(last);
        }
        Ok(())
    }

    fn count(&self, author: (ChatId, UserId), seconds: u32, client_id: Uuid) -> Result<(), ApiError> {
        let (now, pause) = (self.clock.now(), Duration::from_secs(seconds.into()));
        let mut wait = Duration::ZERO;
        let result = self.last_posts.entry(author).and_compute_with(|entry| {
            let last = entry.map(moka::Entry::into_value);
            if last.is_some_and(|last| last.client_id == client_id) {
                return Op::Nop;
            }
            let elapsed = last.map_or(pause, |last| (now - last.created_at).to_std().unwrap_or_default());
            wait = pause.saturating_sub(elapsed);
            if wait.is_zero() { Op::Put(LastPost { created_at: now, client_id }) } else { Op::Nop }
        });
        match result {
            CompResult::Unchanged(_) if !wait.is_zero() => {
                Err(Rejection::new(ProblemCode::SlowMode).retry_after(wait).into())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_mode_limits_all_but_a_resend() {
        let slow_mode = SlowMode::new(Clock::default());
        let check = |chat_id, user_id, seconds, client_id| {
            slow_mode.count((ChatId::new(chat_id), UserId::new(user_id)), seconds, Uuid::from_u128(client_id))
        };
        check(7, 1, 60, 1).unwrap();
        let problem = check(7, 1, 60, 2).unwrap_err().problem();
        assert_eq!((problem.code, problem.retry_after), (ProblemCode::SlowMode, Some(60)));
        check(7, 1, 60, 1).unwrap();
        check(7, 2, 60, 3).unwrap();
        check(8, 1, 60, 4).unwrap();
        check(7, 1, 0, 5).unwrap();
        slow_mode.clock.advance(Duration::from_mins(1));
        check(7, 1, 60, 6).unwrap();
    }
}
