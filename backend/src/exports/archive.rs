//! A ZIP file while it is written. Compressing is work, so it is done where work is done.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
};

use anyhow::Context;
use serde_json::Value;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::db::exports::Said;

pub struct Archive {
    /// Away while something is done with it.
    writer: Option<Box<ZipWriter<File>>>,
    /// The chat whose messages are being written.
    chat: Option<i64>,
}

impl Archive {
    /// A new file that nobody else on the machine can read.
    pub async fn create(path: PathBuf) -> anyhow::Result<Self> {
        let file = tokio::task::spawn_blocking(move || {
            let folder = path.parent().context("no folder")?;
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
        self.work(move |writer| {
            writer.start_file(name, options())?;
            Ok(writer.write_all(&bytes)?)
        })
        .await
    }

    /// Goes on with a chat's messages: an array of JSON, a line for each.
    pub async fn add_messages(&mut self, chat_id: i64, messages: Vec<Said>) -> anyhow::Result<()> {
        let begins = self.chat.replace(chat_id) != Some(chat_id);
        self.work(move |writer| {
            if begins {
                writer.start_file(format!("messages/{chat_id}.json"), options())?;
            }
            for (place, message) in messages.iter().enumerate() {
                writer.write_all(if begins && place == 0 { b"[\n" } else { b",\n" })?;
                serde_json::to_writer(&mut *writer, message)?;
            }
            Ok(())
        })
        .await
    }

    /// The chat whose messages were written has no more.
    pub async fn end_messages(&mut self) -> anyhow::Result<()> {
        if self.chat.take().is_none() {
            return Ok(());
        }
        self.work(|writer| Ok(writer.write_all(b"\n]\n")?)).await
    }

    /// The size of the file.
    pub async fn finish(mut self) -> anyhow::Result<i64> {
        let writer = self.writer.take().context("the file was given up")?;
        tokio::task::spawn_blocking(move || {
            let file = writer.finish()?;
            file.sync_all()?;
            Ok(i64::try_from(file.metadata()?.len())?)
        })
        .await?
    }

    async fn work(
        &mut self,
        work: impl FnOnce(&mut ZipWriter<File>) -> anyhow::Result<()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let mut writer = self.writer.take().context("the file was given up")?;
        let worked = tokio::task::spawn_blocking(move || work(&mut writer).map(|()| writer));
        self.writer = Some(worked.await??);
        Ok(())
    }
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default().large_file(true)
}
