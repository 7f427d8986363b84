//! Where the contents of files are kept: a folder, or a bucket of an S3-compatible service. Objects are written once and never
//! changed.

use std::{
    fs::{DirBuilder, File},
    io::ErrorKind,
    ops::Range,
    os::unix::fs::DirBuilderExt,
    path::{Path as FsPath, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::web::Bytes;
use anyhow::{Context, anyhow};
use futures_util::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use object_store::{
    BackoffConfig, ClientOptions, Error, GetOptions, ObjectStore, ObjectStoreExt, RetryConfig,
    aws::AmazonS3Builder, local::LocalFileSystem, path::Path,
};
use shared::{file::Rendition, id::UserId, problem::ProblemCode};
use tokio::{
    io::{AsyncReadExt, AsyncSeekExt},
    sync::{Mutex, Semaphore},
};
use uuid::Uuid;

use crate::{
    concurrency_limit::{ConcurrencyLimit, ConcurrencyPermit},
    config::{Config, limits::LimitSettings, storage::StorageSettings},
    error::{ApiError, Rejection},
    store::{self, Db},
};

/// In the data folder: for the objects, and for uploads that are being received.
const FILES_FOLDER: &str = "files";
const UPLOADS_FOLDER: &str = "uploads";
/// How many bytes of a file are in memory while it is written. S3 takes no smaller parts.
const PART_SIZE: u64 = 5 * 1_024 * 1_024;
/// How many objects are written at a time.
const WRITES_MAX: usize = 8;
/// Uploads of one user at a time.
pub const UPLOADS_PER_USER: usize = 3;
const RETRY_AFTER: Duration = Duration::from_secs(3);
/// When a client should try again while the storage fails.
const UNAVAILABLE_RETRY_AFTER: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For one request to the service, with a part of a file.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const RETRY_TIMEOUT: Duration = Duration::from_secs(10);
const RETRIES: usize = 3;
/// How long the sum of all files is kept.
const TOTAL_TTL: Duration = Duration::from_mins(1);

pub struct FileStorage {
    objects: Arc<dyn ObjectStore>,
    /// `None` for a bucket.
    folder: Option<PathBuf>,
    uploads_folder: PathBuf,
    /// What uploads leave free on the disks.
    free_min: u64,
    uploads: Arc<ConcurrencyLimit<UserId>>,
    writes: Semaphore,
    total: Mutex<Option<(Instant, i64)>>,
}

/// One object of a file.
#[derive(Clone, Copy, Debug)]
pub struct ObjectName {
    pub key: Uuid,
    pub rendition: Rendition,
}

impl ObjectName {
    fn path(self) -> Path {
        let key = self.key.simple();
        match self.rendition {
            Rendition::Full => Path::from(key.to_string()),
            Rendition::Preview => Path::from(format!("{key}.preview")),
        }
    }

    fn all(key: Uuid) -> [Self; 2] {
        [Rendition::Full, Rendition::Preview].map(|rendition| Self { key, rendition })
    }
}

impl FileStorage {
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        install_tls_provider();
        let uploads_folder = config.data_dir.join(UPLOADS_FOLDER);
        create_folder(&uploads_folder)?;
        let (objects, folder) = if let Some(bucket) = &config.storage.s3_bucket {
            (open_bucket(bucket, &config.storage)?, None)
        } else {
            let folder = config.storage.files_dir.clone();
            let folder = folder.unwrap_or_else(|| config.data_dir.join(FILES_FOLDER));
            (open_folder(&folder)?, Some(folder))
        };
        let LimitSettings { limit_free_disk, .. } = config.limits;
        Ok(Self {
            objects,
            folder,
            uploads_folder,
            free_min: limit_free_disk.0.try_into().unwrap_or(u64::MAX),
            uploads: ConcurrencyLimit::new(UPLOADS_PER_USER),
            writes: Semaphore::new(WRITES_MAX),
            total: Mutex::default(),
        })
    }

    /// Fails if the user has too many uploads that are not stored yet.
    pub fn begin_upload(&self, user_id: UserId) -> Result<ConcurrencyPermit<UserId>, ApiError> {
        self.uploads.acquire(user_id).ok_or_else(|| {
            let rejection = Rejection::new(ProblemCode::TooManyRequests).retry_after(RETRY_AFTER);
            rejection.detail(format!("Only {UPLOADS_PER_USER} uploads at a time.")).into()
        })
    }

    /// A file for an upload. It has no name, so that it disappears with the server.
    pub async fn create_temporary(&self) -> Result<File, ApiError> {
        let folder = self.uploads_folder.clone();
        let created = tokio::task::spawn_blocking(move || tempfile::tempfile_in(folder)).await;
        created.map_err(anyhow::Error::from)?.map_err(|error| unavailable(&error))
    }

    /// Fails if the disk would be nearly full after an upload. The database may be on the same disk, and must go on.
    pub fn check_free_disk(&self, bytes: u64) -> Result<(), ApiError> {
        let folders = [Some(&self.uploads_folder), self.folder.as_ref()];
        for folder in folders.into_iter().flatten() {
            let disk = rustix::fs::statvfs(folder).map_err(|error| unavailable(&error))?;
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            if free < self.free_min.saturating_add(bytes) {
                return Err(unavailable(&format_args!("only {free} bytes are free on the disk for files")));
            }
        }
        Ok(())
    }

    /// The bytes of all files: as of the last minute, and those that this server has stored since.
    pub async fn total(&self, db: &Db) -> Result<i64, ApiError> {
        let mut total = self.total.lock().await;
        match *total {
            Some((at, bytes)) if at.elapsed() < TOTAL_TTL => Ok(bytes),
            _ => {
                let bytes = store::stored_files::find_total(&mut *db.get().await?).await?;
                *total = Some((Instant::now(), bytes));
                Ok(bytes)
            }
        }
    }

    /// Counts a file that was stored.
    pub async fn add_to_total(&self, bytes: i64) {
        if let Some((_, total)) = &mut *self.total.lock().await {
            *total = total.saturating_add(bytes);
        }
    }

    /// Writes an object from memory.
    pub async fn write_bytes(&self, name: ObjectName, bytes: Vec<u8>) -> Result<(), ApiError> {
        let _permit = self.writes.acquire().await.map_err(anyhow::Error::from)?;
        let written = self.objects.put(&name.path(), bytes.into()).await;
        written.map(drop).map_err(|error| unavailable(&error))
    }

    /// Writes an object from a file.
    pub async fn write_file(&self, name: ObjectName, file: File, size: u64) -> Result<(), ApiError> {
        let _permit = self.writes.acquire().await.map_err(anyhow::Error::from)?;
        let mut file = tokio::fs::File::from_std(file);
        file.rewind().await.map_err(|error| unavailable(&error))?;
        let written = if size <= PART_SIZE {
            let part = read_part(&mut file).await.map_err(|error| unavailable(&error))?;
            self.objects.put(&name.path(), part.into()).await.map(drop)
        } else {
            self.write_parts(&name.path(), &mut file).await
        };
        written.map_err(|error| unavailable(&error))
    }

    async fn write_parts(&self, path: &Path, file: &mut tokio::fs::File) -> object_store::Result<()> {
        let mut upload = self.objects.put_multipart(path).await?;
        let written = async {
            loop {
                let part = read_part(file)
                    .await
                    .map_err(|source| Error::Generic { store: "upload", source: source.into() })?;
                if part.is_empty() {
                    return upload.complete().await.map(drop);
                }
                upload.put_part(part.into()).await?;
            }
        };
        let written = written.await;
        if written.is_err() {
            // What is left over is invisible.
            let _ = upload.abort().await;
        }
        written
    }

    /// Reads a part of an object.
    pub async fn read(
        &self,
        name: ObjectName,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = object_store::Result<Bytes>> + use<>, ApiError> {
        let options = GetOptions { range: Some(range.into()), ..GetOptions::default() };
        let found = self.objects.get_opts(&name.path(), options).await;
        Ok(found.map_err(|error| unavailable(&error))?.into_stream())
    }

    /// Deletes the objects of a file that exist.
    pub async fn delete(&self, key: Uuid) -> object_store::Result<()> {
        let paths = ObjectName::all(key).map(|name| Ok(name.path()));
        let paths: BoxStream<'static, _> = stream::iter(paths).boxed();
        let mut deleted = self.objects.delete_stream(paths);
        while let Some(result) = deleted.next().await {
            match result {
                // S3 does not report this for an object, so there it is the bucket that is missing.
                Err(Error::NotFound { .. }) if self.folder.is_some() => {}
                result => drop(result?),
            }
        }
        self.delete_partial(key).await
    }

    /// Deletes what `object_store` leaves in a folder if the server ends while it writes.
    async fn delete_partial(&self, key: Uuid) -> object_store::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        for name in ObjectName::all(key) {
            match tokio::fs::remove_file(folder.join(format!("{}#1", name.path()))).await {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Error::Generic { store: "folder", source: error.into() });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Chooses the cryptography of HTTP clients, which have none of their own here.
pub fn install_tls_provider() {
    // Refused when it was installed before.
    let _installed = rustls::crypto::ring::default_provider().install_default();
}

/// Logs why the storage failed.
pub fn unavailable(reason: &dyn std::fmt::Display) -> ApiError {
    tracing::warn!(%reason, "the storage of files is unavailable or full");
    Rejection::new(ProblemCode::StorageUnavailable).retry_after(UNAVAILABLE_RETRY_AFTER).into()
}

async fn read_part(file: &mut tokio::fs::File) -> std::io::Result<Vec<u8>> {
    let mut part = Vec::new();
    file.take(PART_SIZE).read_to_end(&mut part).await?;
    Ok(part)
}

fn create_folder(folder: &FsPath) -> anyhow::Result<()> {
    let created = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    created.with_context(|| format!("cannot create {}", folder.display()))
}

fn open_folder(folder: &FsPath) -> anyhow::Result<Arc<dyn ObjectStore>> {
    create_folder(folder)?;
    let objects = LocalFileSystem::new_with_prefix(folder);
    let objects = objects.with_context(|| format!("cannot use {}", folder.display()))?;
    Ok(Arc::new(objects.with_fsync(true)))
}

fn open_bucket(bucket: &str, settings: &StorageSettings) -> anyhow::Result<Arc<dyn ObjectStore>> {
    let retry =
        RetryConfig { backoff: BackoffConfig::default(), max_retries: RETRIES, retry_timeout: RETRY_TIMEOUT };
    let client = ClientOptions::new().with_connect_timeout(CONNECT_TIMEOUT).with_timeout(REQUEST_TIMEOUT);
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&settings.s3_region)
        .with_retry(retry)
        .with_client_options(client);
    if let Some(endpoint) = &settings.s3_endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    if let Some(id) = &settings.s3_access_key_id {
        builder = builder.with_access_key_id(id);
    }
    if let Some(secret) = &settings.s3_secret_access_key {
        builder = builder.with_secret_access_key(secret);
    }
    let objects = builder.build().map_err(|error| anyhow!("cannot use the bucket {bucket}: {error}"))?;
    Ok(Arc::new(objects))
}
