//! How far an export has been written.

use uuid::Uuid;

use crate::store::{Db, StoreError, data_exports};

pub struct Progress {
    db: Db,
    id: Uuid,
    /// How often each message is written.
    passes: i64,
    /// The number of messages written in all passes together.
    written: i64,
    /// The number of files written.
    files: i64,
}

impl Progress {
    pub fn new(db: &Db, id: Uuid, passes: i64) -> Self {
        Self { db: db.clone(), id, passes, written: 0, files: 0 }
    }

    /// Shows that the export of so many messages and files is being written; false if it was deleted.
    pub async fn start(&self, total: i64) -> Result<bool, StoreError> {
        data_exports::mark_running(&mut *self.db.get().await?, self.id, total).await
    }

    /// Counts written messages; false if the export was deleted.
    pub async fn add(&mut self, messages: usize) -> Result<bool, StoreError> {
        self.written += i64::try_from(messages).unwrap_or_default();
        self.store().await
    }

    /// Counts written files; false if the export was deleted.
    pub async fn add_files(&mut self, files: usize) -> Result<bool, StoreError> {
        self.files += i64::try_from(files).unwrap_or_default();
        self.store().await
    }

    async fn store(&self) -> Result<bool, StoreError> {
        let done = self.written / self.passes + self.files;
        data_exports::update_progress(&mut *self.db.get().await?, self.id, done).await
    }
}
