//! Everything of somebody's own, written into a file in the background: one after the other, page by page, so that nobody
//! else notices. A server that starts goes on where the last one ended.

mod archive;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use tokio::{fs, sync::Semaphore};
use uuid::Uuid;

use self::archive::Archive;
use crate::{app::App, db, problem::Error};

/// How many messages are read at a time.
const PAGE: i64 = 500;
const FOLDER: &str = "exports";

/// Where the files are, and whose turn it is to be written.
pub struct Files {
    folder: PathBuf,
    turn: Semaphore,
}

impl Files {
    pub fn new(data_dir: &Path) -> Self {
        Self { folder: data_dir.join(FOLDER), turn: Semaphore::new(1) }
    }

    pub fn path(&self, id: Uuid) -> PathBuf {
        self.folder.join(format!("{id}.zip"))
    }
}

/// Has an export written, sooner or later.
pub fn queue(app: &Arc<App>, id: Uuid, user_id: i64) {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        let Ok(_turn) = app.exports.turn.acquire().await else { return };
        let bytes = match write(&app, id, user_id).await {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "an export could not be written");
                None
            }
        };
        let ended = async { db::exports::end(&mut *app.db.get().await?, id, bytes).await };
        if !ended.await.is_ok_and(|wanted| wanted && bytes.is_some()) {
            drop(fs::remove_file(app.exports.path(id)).await);
        }
    });
}

/// Goes on with what was under way when the last server ended.
pub async fn resume(app: &Arc<App>) -> Result<(), Error> {
    let unfinished = db::exports::unfinished(&mut *app.db.get().await?).await?;
    for (id, user_id) in unfinished {
        queue(app, id, user_id);
    }
    Ok(())
}

/// Forgets what is over, and removes every file that nobody can ask for any more.
pub async fn sweep(app: &App) -> Result<(), Error> {
    let mut files = Vec::new();
    // Before the table is read: whatever is in the folder was in the table before.
    if let Ok(mut folder) = fs::read_dir(&app.exports.folder).await {
        while let Some(file) = folder.next_entry().await.context("the folder of exports")? {
            files.push(file.path());
        }
    }
    let mut connection = app.db.get().await?;
    db::exports::sweep(&mut connection).await?;
    let kept = db::exports::all(&mut connection).await?.into_iter().map(|id| app.exports.path(id));
    let kept: Vec<_> = kept.collect();
    for file in files.iter().filter(|file| !kept.contains(file)) {
        fs::remove_file(file).await.context("a file of an export")?;
    }
    Ok(())
}

/// Writes everything; returns the size of the file, or nothing if nobody wants it any more.
async fn write(app: &App, id: Uuid, user_id: i64) -> anyhow::Result<Option<i64>> {
    let mut connection = app.db.get().await.map_err(into_anyhow)?;
    let (chats, total) = db::exports::extent(&mut connection, user_id).await.map_err(into_anyhow)?;
    db::exports::start(&mut connection, id, total).await.map_err(into_anyhow)?;
    let account = db::exports::account(&mut connection, user_id).await.map_err(into_anyhow)?;
    let places = db::exports::chats(&mut connection, user_id).await.map_err(into_anyhow)?;
    let picture = db::avatars::of_user(&mut connection, user_id).await.map_err(into_anyhow)?;
    drop(connection);

    let mut archive = Archive::create(app.exports.path(id)).await?;
    archive.add_json("account.json", account).await?;
    archive.add_json("chats.json", places).await?;
    if let Some(picture) = picture {
        archive.add("avatar.jpg", picture).await?;
    }
    let mut done = 0;
    for chat_id in chats {
        let mut after = 0;
        loop {
            // A connection is held for a page, not for the whole.
            let mut connection = app.db.get().await.map_err(into_anyhow)?;
            let page = db::exports::said(&mut connection, user_id, chat_id, after, PAGE).await;
            let page = page.map_err(into_anyhow)?;
            let Some(last) = page.last().map(|said| said.seq) else { break };
            done += i64::try_from(page.len())?;
            after = last;
            let wanted = db::exports::progress(&mut connection, id, done).await.map_err(into_anyhow)?;
            drop(connection);
            if !wanted {
                return Ok(None);
            }
            archive.add_messages(chat_id, page).await?;
        }
        archive.end_messages().await?;
    }
    Ok(Some(archive.finish().await?))
}

fn into_anyhow(error: Error) -> anyhow::Error {
    match error {
        Error::Internal(error) => error,
        refused @ Error::Refused(_) => anyhow::anyhow!("{refused}"),
    }
}
