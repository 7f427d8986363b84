//! Writes a ZIP file. Compression runs on the pool for blocking work.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
};

use anyhow::Context;
use chrono::Utc;
use serde::Serialize;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

pub struct ZipArchive {
    /// `None` while a blocking task has it, and after that task failed.
    writer: Option<Box<ZipWriter<File>>>,
    /// The file whose rows are being written.
    rows: Option<String>,
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
        Ok(Self { writer: Some(Box::new(ZipWriter::new(file.await??))), rows: None })
    }

    pub async fn add_json(&mut self, name: &str, document: impl Serialize) -> anyhow::Result<()> {
        self.add(name, serde_json::to_vec_pretty(&document)?).await
    }

    /// Adds a file, which [`ZipArchive::append`] can continue.
    pub async fn add(&mut self, name: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        let name = name.to_owned();
        self.run_blocking(move |writer| {
            writer.start_file(name, options())?;
            Ok(writer.write_all(&bytes)?)
        })
        .await
    }

    /// Adds an empty file, which [`ZipArchive::append`] continues and which is not compressed: most files are already.
    pub async fn add_uncompressed(&mut self, name: &str) -> anyhow::Result<()> {
        let name = name.to_owned();
        let options = options().compression_method(CompressionMethod::Stored);
        self.run_blocking(move |writer| Ok(writer.start_file(name, options)?)).await
    }

    /// Continues the file that was added last.
    pub async fn append(&mut self, bytes: Vec<u8>) -> anyhow::Result<()> {
        self.run_blocking(move |writer| Ok(writer.write_all(&bytes)?)).await
    }

    /// Adds a file, or continues it: a JSON array with one line per row.
    pub async fn add_rows<T: Serialize + Send + 'static>(
        &mut self,
        name: &str,
        rows: Vec<T>,
    ) -> anyhow::Result<()> {
        let is_new_file = self.rows.as_deref() != Some(name);
        self.rows = Some(name.to_owned());
        let name = name.to_owned();
        self.run_blocking(move |writer| {
            if is_new_file {
                writer.start_file(name, options())?;
            }
            let mut bytes = Vec::new();
            for (index, row) in rows.iter().enumerate() {
                bytes.extend_from_slice(if is_new_file && index == 0 { b"[\n" } else { b",\n" });
                serde_json::to_writer(&mut bytes, row)?;
            }
            Ok(writer.write_all(&bytes)?)
        })
        .await
    }

    /// Closes the array of rows.
    pub async fn end_rows(&mut self) -> anyhow::Result<()> {
        match self.rows.take() {
            Some(_) => self.append(b"\n]\n".to_vec()).await,
            None => Ok(()),
        }
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
    let modified = Utc::now().naive_utc().try_into();
    SimpleFileOptions::default().large_file(true).last_modified_time(modified.unwrap_or_default())
}
