//! Writes exports of account data to ZIP files: one export at a time, page by page, so that other requests are not
//! slowed down. Unfinished exports are resumed at start.

mod archive;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use shared::id::{ChatId, Seq, UserId};
use tokio::{fs, sync::Semaphore};
use uuid::Uuid;

use self::archive::ZipArchive;
use crate::{
    error::ApiError,
    store::{Db, StoreError, avatars, data_exports},
};

/// How many messages are read at a time.
const PAGE_SIZE: i64 = 500;
/// In the data folder.
const FOLDER: &str = "exports";

pub struct DataExporter {
    db: Db,
    folder: PathBuf,
    /// Admits one export at a time.
    running: Semaphore,
}

impl DataExporter {
    pub fn new(db: Db, data_dir: &Path) -> Self {
        Self { db, folder: data_dir.join(FOLDER), running: Semaphore::new(1) }
    }

    pub fn path(&self, id: Uuid) -> PathBuf {
        self.folder.join(format!("{id}.zip"))
    }

    /// Queues an export.
    pub fn enqueue(self: &Arc<Self>, id: Uuid, user_id: UserId) {
        let exporter = Arc::clone(self);
        tokio::spawn(async move {
            let Ok(_permit) = exporter.running.acquire().await else { return };
            let bytes = exporter.write(id, user_id).await.unwrap_or_else(|error| {
                tracing::error!(error = format!("{error:#}"), "cannot write an export");
                None
            });
            let is_kept = exporter.finish(id, bytes).await.unwrap_or_default();
            if !is_kept || bytes.is_none() {
                drop(fs::remove_file(exporter.path(id)).await);
            }
        });
    }

    async fn finish(&self, id: Uuid, bytes: Option<i64>) -> Result<bool, StoreError> {
        data_exports::finish(&mut *self.db.get().await?, id, bytes).await
    }

    /// Queues the exports that were unfinished when the server stopped.
    pub async fn resume_unfinished(self: &Arc<Self>) -> Result<(), ApiError> {
        let unfinished = data_exports::list_unfinished(&mut *self.db.get().await?).await?;
        for (id, user_id) in unfinished {
            self.enqueue(id, user_id);
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
        let kept: Vec<_> = ids.into_iter().map(|id| self.path(id)).collect();
        for file in files.iter().filter(|file| !kept.contains(file)) {
            fs::remove_file(file).await.context("cannot delete an export file")?;
        }
        Ok(())
    }

    /// Writes the file; returns its size, or nothing if the export was deleted meanwhile.
    async fn write(&self, id: Uuid, user_id: UserId) -> anyhow::Result<Option<i64>> {
        let mut connection = self.db.get().await?;
        let chats = data_exports::list_chats(&mut connection, user_id).await?;
        let total = data_exports::count_messages(&mut connection, user_id, &chats).await?;
        data_exports::mark_running(&mut connection, id, total).await?;
        let account = data_exports::account_document(&mut connection, user_id).await?;
        let memberships = data_exports::chats_document(&mut connection, user_id).await?;
        let avatar = avatars::find_for_user(&mut connection, user_id).await?;
        drop(connection);

        let mut archive = ZipArchive::create(self.path(id)).await?;
        archive.add_json("account.json", account).await?;
        archive.add_json("chats.json", memberships).await?;
        if let Some(avatar) = avatar {
            archive.add("avatar.jpg", avatar).await?;
        }
        let mut progress = Progress { id, user_id, done: 0 };
        for chat_id in chats {
            if !self.write_messages(&mut archive, &mut progress, chat_id).await? {
                return Ok(None);
            }
        }
        Ok(Some(archive.finish().await?))
    }

    /// Writes the user's messages in one chat; false if the export was deleted meanwhile.
    async fn write_messages(
        &self,
        archive: &mut ZipArchive,
        progress: &mut Progress,
        chat_id: ChatId,
    ) -> anyhow::Result<bool> {
        let mut after = Seq::default();
        loop {
            // A connection is held for one page only.
            let mut connection = self.db.get().await?;
            let user_id = progress.user_id;
            let page =
                data_exports::messages_page(&mut connection, user_id, chat_id, after, PAGE_SIZE).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            progress.done += i64::try_from(page.len())?;
            let exists = data_exports::update_progress(&mut connection, progress.id, progress.done).await?;
            drop(connection);
            if !exists {
                return Ok(false);
            }
            archive.add_messages(chat_id, page).await?;
        }
        archive.end_messages().await?;
        Ok(true)
    }
}

/// An export that is being written.
struct Progress {
    id: Uuid,
    user_id: UserId,
    /// The number of messages written.
    done: i64,
}
