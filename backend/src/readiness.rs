//! Whether the database can be reached and can write. Checking writes a row, so that the result is used for a while.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::{
    clock::Clock,
    error::ApiError,
    store::{Db, StoreError, instance},
};

/// How long a result counts.
const LIFETIME: Duration = Duration::from_secs(2);

pub struct Readiness {
    clock: Clock,
    /// When the database was checked, and whether it could write.
    last: Mutex<Option<(Instant, bool)>>,
}

impl Readiness {
    pub fn new(clock: Clock) -> Self {
        Self { clock, last: Mutex::default() }
    }

    /// Fails if the database cannot write.
    pub async fn check(&self, db: &Db) -> Result<(), ApiError> {
        let mut last = self.last.lock().await;
        let now = self.clock.instant();
        let is_writable = match *last {
            Some((at, is_writable)) if now < at + LIFETIME => is_writable,
            _ => {
                let is_writable = write(db).await.is_ok();
                *last = Some((now, is_writable));
                is_writable
            }
        };
        if is_writable { Ok(()) } else { Err(StoreError::Unavailable.into()) }
    }
}

async fn write(db: &Db) -> Result<(), StoreError> {
    instance::check_writable(&mut *db.get().await?).await
}
