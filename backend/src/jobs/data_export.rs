//! Writes exports to ZIP files: one export at a time, page by page, so that other requests are not slowed down. Unfinished
//! exports are written anew at start. The export of a chat holds a connection and a snapshot of the database while it is
//! written; that of an account only for each page.

mod account;
mod archive;
mod chat;
mod chat_page;
mod files;
mod progress;

use std::{
    collections::HashSet,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use tokio::{fs, sync::Semaphore, time::sleep};
use uuid::Uuid;

use self::{archive::ZipArchive, progress::Progress};
use crate::{
    error::ApiError,
    file_storage::FileStorage,
    store::{
        Db, StoreError,
        data_exports::{self, UnfinishedExport},
    },
};

/// How many messages are read at a time.
const PAGE_SIZE: i64 = 500;
/// How often, and how many times, the result of an export is stored while the database cannot be reached.
const FINISH_INTERVAL: Duration = Duration::from_secs(5);
const FINISH_ATTEMPTS: u32 = 60;
/// In the data folder.
const FOLDER: &str = "exports";

pub struct DataExporter {
    db: Db,
    storage: Arc<FileStorage>,
    folder: PathBuf,
    /// Admits one export at a time.
    running: Semaphore,
}

impl DataExporter {
    pub fn new(db: Db, storage: Arc<FileStorage>, data_dir: &Path) -> Self {
        Self { db, storage, folder: data_dir.join(FOLDER), running: Semaphore::new(1) }
    }

    pub fn path(&self, id: Uuid) -> PathBuf {
        self.folder.join(format!("{id}.zip"))
    }

    /// Queues an export.
    pub fn enqueue(self: &Arc<Self>, export: UnfinishedExport) {
        let (exporter, id) = (Arc::clone(self), export.id);
        tokio::spawn(async move {
            let Ok(_permit) = exporter.running.acquire().await else { return };
            let bytes = exporter.write(export).await.unwrap_or_else(|error| {
                tracing::error!(error = format!("{error:#}"), "cannot write an export");
                None
            });
            if !exporter.finish(id, bytes).await || bytes.is_none() {
                drop(fs::remove_file(exporter.path(id)).await);
            }
        });
    }

    /// Stores the result; false if the export was deleted, or if the database cannot be reached for minutes: then the
    /// export is written anew at the next start.
    async fn finish(&self, id: Uuid, bytes: Option<i64>) -> bool {
        for _ in 0..FINISH_ATTEMPTS {
            match self.try_finish(id, bytes).await {
                Ok(is_kept) => return is_kept,
                Err(error) => tracing::warn!(%error, "cannot store the result of an export"),
            }
            sleep(FINISH_INTERVAL).await;
        }
        false
    }

    async fn try_finish(&self, id: Uuid, bytes: Option<i64>) -> Result<bool, StoreError> {
        data_exports::finish(&mut *self.db.get().await?, id, bytes).await
    }

    /// Queues the exports that were unfinished when the server stopped.
    pub async fn resume_unfinished(self: &Arc<Self>) -> Result<(), ApiError> {
        let unfinished = data_exports::list_unfinished(&mut *self.db.get().await?).await?;
        for export in unfinished {
            self.enqueue(export);
        }
        Ok(())
    }

    /// Deletes expired exports, and every file without an export.
    pub async fn run_once(&self) -> Result<(), ApiError> {
        let mut files = Vec::new();
        // Listed before the table is read: every file in the folder was in the table before.
        if let Ok(mut folder) = fs::read_dir(&self.folder).await {
            while let Some(file) = folder.next_entry().await.context("cannot list the export folder")? {
                files.push(file.path());
            }
        }
        let mut connection = self.db.get().await?;
        data_exports::delete_expired(&mut connection).await?;
        let ids = data_exports::list_ids(&mut connection).await?;
        let kept: HashSet<_> = ids.into_iter().map(|id| self.path(id)).collect();
        for file in files.iter().filter(|file| !kept.contains(*file)) {
            match fs::remove_file(file).await {
                // Another run was faster.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                removed => removed.context("cannot delete an export file")?,
            }
        }
        Ok(())
    }

    /// Writes the file; returns its size, or nothing if the export was deleted meanwhile.
    async fn write(&self, UnfinishedExport { id, subject }: UnfinishedExport) -> anyhow::Result<Option<i64>> {
        // It may have waited for long, and its chat may be gone.
        if !data_exports::exists(&mut *self.db.get().await?, id).await? {
            return Ok(None);
        }
        let passes = if subject.chat_id.is_some() { chat::PASSES } else { account::PASSES };
        let mut progress = Progress::new(&self.db, id, passes);
        let mut archive = ZipArchive::create(self.path(id)).await?;
        let posted = match subject.chat_id {
            Some(chat_id) => chat::write(&self.db, chat_id, &mut archive, &mut progress).await?,
            None => account::write(&self.db, subject.user_id, &mut archive, &mut progress).await?,
        };
        let Some(posted) = posted else { return Ok(None) };
        let is_complete = files::write(&self.db, &self.storage, posted, &mut archive, &mut progress).await?;
        Ok(if is_complete { Some(archive.finish().await?) } else { None })
    }
}
