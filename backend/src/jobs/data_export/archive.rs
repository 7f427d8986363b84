//! Writes a ZIP file. Compression runs on the pool for blocking work.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
};

use anyhow::Context;
use serde_json::Value;
use shared::id::ChatId;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::store::data_exports::ExportedMessage;

pub struct ZipArchive {
    /// `None` while a blocking task has it, and after that task failed.
    writer: Option<Box<ZipWriter<File>>>,
    /// The chat whose messages are being written.
    chat: Option<ChatId>,
}

impl ZipArchive {
    /// Creates a file that only the server's user can read.
    pub async fn create(path: PathBuf) -> anyhow::Result<Self> {
        let file = tokio::task::spawn_blocking(move || {
            let folder = path.parent().context("the path has no parent folder")?;
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600);
            options.open(&path).with_context(|| format!("cannot write {}", path.display()))
        });
        Ok(Self { writer: Some(Box::new(ZipWriter::new(file.await??))), chat: None })
    }

    pub async fn add_json(&mut self, name: &str, document: Value) -> anyhow::Result<()> {
        self.add(name, serde_json::to_vec_pretty(&document)?).await
    }

    pub async fn add(&mut self, name: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        let name = name.to_owned();
        self.run_blocking(move |writer| {
            writer.start_file(name, options())?;
            Ok(writer.write_all(&bytes)?)
        })
        .await
    }

    /// Appends to the file of a chat's messages: a JSON array with one line per message.
    pub async fn add_messages(
        &mut self,
        chat_id: ChatId,
        messages: Vec<ExportedMessage>,
    ) -> anyhow::Result<()> {
        let is_new_file = self.chat.replace(chat_id) != Some(chat_id);
        self.run_blocking(move |writer| {
            if is_new_file {
                writer.start_file(format!("messages/{chat_id}.json"), options())?;
            }
            for (index, message) in messages.iter().enumerate() {
                writer.write_all(if is_new_file && index == 0 { b"[\n" } else { b",\n" })?;
                serde_json::to_writer(&mut *writer, message)?;
            }
            Ok(())
        })
        .await
    }

    /// Closes the array of the current chat's messages.
    pub async fn end_messages(&mut self) -> anyhow::Result<()> {
        if self.chat.take().is_none() {
            return Ok(());
        }
        self.run_blocking(|writer| Ok(writer.write_all(b"\n]\n")?)).await
    }

    /// Completes the file; returns its size.
    pub async fn finish(mut self) -> anyhow::Result<i64> {
        let writer = self.writer.take().context("the file was abandoned")?;
        tokio::task::spawn_blocking(move || {
            let file = writer.finish()?;
            file.sync_all()?;
            Ok(i64::try_from(file.metadata()?.len())?)
        })
        .await?
    }

    async fn run_blocking(
        &mut self,
        work: impl FnOnce(&mut ZipWriter<File>) -> anyhow::Result<()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let mut writer = self.writer.take().context("the file was abandoned")?;
        let task = tokio::task::spawn_blocking(move || work(&mut writer).map(|()| writer));
        self.writer = Some(task.await??);
        Ok(())
    }
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default().large_file(true)
}
