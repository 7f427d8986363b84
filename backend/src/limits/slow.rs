//! Slow mode: how long a writer of a slow chat has to wait before they write again.

use std::time::{Duration, Instant};

use moka::{
    ops::compute::{CompResult, Op},
    sync::Cache,
};
use shared::{chat::SLOW_MAX, problem::ProblemCode};
use uuid::Uuid;

use crate::problem::{Error, Refusal};

/// How many writers are remembered.
const WRITERS_MAX: u64 = 100_000;

/// Who wrote last into which chat, and when.
pub struct SlowMode {
    /// By chat and user.
    last: Cache<(i64, i64), Last>,
}

#[derive(Clone, Copy)]
struct Last {
    at: Instant,
    client_id: Uuid,
}

impl Default for SlowMode {
    fn default() -> Self {
        let longest = Duration::from_secs(SLOW_MAX.into());
        Self { last: Cache::builder().max_capacity(WRITERS_MAX).time_to_live(longest).build() }
    }
}

impl SlowMode {
    /// Counts a message, unless its writer has to wait. The last one may be sent again: its answer may have been lost.
    pub fn count(&self, chat_id: i64, user_id: i64, seconds: u32, client_id: Uuid) -> Result<(), Error> {
        if seconds == 0 {
            return Ok(());
        }
        let (now, pause) = (Instant::now(), Duration::from_secs(seconds.into()));
        let mut wait = Duration::ZERO;
        let counted = self.last.entry((chat_id, user_id)).and_compute_with(|entry| {
            let last = entry.map(moka::Entry::into_value);
            if last.is_some_and(|last| last.client_id == client_id) {
                return Op::Nop;
            }
            let passed = last.map_or(pause, |last| now.saturating_duration_since(last.at));
            wait = pause.saturating_sub(passed);
            if wait.is_zero() { Op::Put(Last { at: now, client_id }) } else { Op::Nop }
        });
        match counted {
            CompResult::Unchanged(_) if !wait.is_zero() => {
                Err(Refusal::new(ProblemCode::SlowMode).retry_after(wait).into())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_message_waits_for_its_time_and_the_first_may_be_sent_again() {
        let (slow, first) = (SlowMode::default(), Uuid::from_u128(1));
        slow.count(7, 1, 60, first).unwrap();
        let refused = slow.count(7, 1, 60, Uuid::from_u128(2)).unwrap_err().problem();
        assert_eq!((refused.code, refused.retry_after), (ProblemCode::SlowMode, Some(60)));
        slow.count(7, 1, 60, first).unwrap();
        slow.count(7, 2, 60, Uuid::from_u128(3)).unwrap();
        slow.count(8, 1, 60, Uuid::from_u128(4)).unwrap();
        slow.count(7, 1, 0, Uuid::from_u128(5)).unwrap();
    }
}
