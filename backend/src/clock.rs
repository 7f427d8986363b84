//! The clock of one server. Tests advance it instead of waiting.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

/// The system's clocks plus an offset in milliseconds, which all clones share and which is 0 except in tests.
#[derive(Clone, Default)]
pub struct Clock(Arc<AtomicU64>);

impl Clock {
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now() + self.offset()
    }

    /// In Unix seconds.
    pub fn timestamp(&self) -> i64 {
        self.now().timestamp()
    }

    /// Monotonic time.
    pub fn instant(&self) -> Instant {
        Instant::now() + self.offset()
    }

    /// Adds to the offset, for tests.
    pub fn advance(&self, by: Duration) {
        let milliseconds = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.0.fetch_add(milliseconds, Ordering::Relaxed);
    }

    fn offset(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

impl governor::clock::Clock for Clock {
    type Instant = Instant;

    fn now(&self) -> Instant {
        self.instant()
    }
}
