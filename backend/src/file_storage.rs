//! Where the contents of files are kept: a folder, or a bucket of an S3-compatible service. Objects are written once and never
//! changed.

use std::{
    fs::{DirBuilder, File},
    io::ErrorKind,
    ops::Range,
    os::unix::fs::DirBuilderExt,
    path::{Path as FsPath, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
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
    io::{AsyncRead, AsyncReadExt},
    sync::{Mutex, Semaphore, SemaphorePermit},
    time::{error::Elapsed, timeout},
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
/// How many files are written at a time, and how long the next one waits.
const WRITES_MAX: usize = 8;
const WRITE_WAIT_MAX: Duration = Duration::from_secs(30);
/// Uploads of one user at a time.
pub const UPLOADS_PER_USER: usize = 3;
const RETRY_AFTER: Duration = Duration::from_secs(3);
/// When a client should try again while the storage fails.
const UNAVAILABLE_RETRY_AFTER: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request to the service takes at most to be answered, and how long the service may send nothing.
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
    /// In bytes, for files that are being received or written.
    reserved: Arc<AtomicU64>,
    total: Mutex<Option<(Instant, i64)>>,
}

/// Space on the disk, until this is dropped.
pub struct DiskReservation {
    reserved: Arc<AtomicU64>,
    bytes: u64,
}

impl DiskReservation {
    fn new(reserved: &Arc<AtomicU64>, bytes: u64) -> Self {
        reserved.fetch_add(bytes, Ordering::Relaxed);
        Self { reserved: Arc::clone(reserved), bytes }
    }
}

impl Drop for DiskReservation {
    fn drop(&mut self) {
        self.reserved.fetch_sub(self.bytes, Ordering::Relaxed);
    }
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
            reserved: Arc::default(),
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

    /// Reserves space for a file on the disk; fails if the disk would be nearly full then. The database may be on the same disk,
    /// and must go on.
    pub fn reserve_disk(&self, bytes: u64) -> Result<DiskReservation, ApiError> {
        // What is received is copied to the folder.
        let bytes = if self.folder.is_some() { bytes.saturating_mul(2) } else { bytes };
        let reservation = DiskReservation::new(&self.reserved, bytes);
        let needed = self.free_min.saturating_add(self.reserved.load(Ordering::Relaxed));
        let folders = [Some(&self.uploads_folder), self.folder.as_ref()];
        for folder in folders.into_iter().flatten() {
            let disk = rustix::fs::statvfs(folder).map_err(|error| unavailable(&error))?;
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            if free < needed {
                return Err(unavailable(&format_args!("only {free} bytes are free on the disk for files")));
            }
        }
        Ok(reservation)
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

    /// Waits for a turn to write a file. It begins before an image is encoded, so that few are in memory.
    pub async fn begin_write(&self) -> Result<SemaphorePermit<'_>, ApiError> {
        let busy = || Rejection::new(ProblemCode::Busy).retry_after(RETRY_AFTER);
        let permit = timeout(WRITE_WAIT_MAX, self.writes.acquire()).await.map_err(|_| busy())?;
        Ok(permit.map_err(|_| busy())?)
    }

    /// Writes an object.
    pub async fn write(
        &self,
        name: ObjectName,
        content: impl AsyncRead + Unpin,
        size: u64,
    ) -> Result<(), ApiError> {
        let mut content = content;
        let path = name.path();
        let written = if size <= PART_SIZE {
            let part = read_part(&mut content).await.map_err(|error| unavailable(&error))?;
            within_time(self.objects.put(&path, part.into())).await.map(drop)
        } else {
            self.write_parts(&path, &mut content).await
        };
        written.map_err(|error| unavailable(&error))
    }

    async fn write_parts(
        &self,
        path: &Path,
        content: &mut (impl AsyncRead + Unpin),
    ) -> object_store::Result<()> {
        let mut upload = within_time(self.objects.put_multipart(path)).await?;
        let written = async {
            loop {
                let part = read_part(content)
                    .await
                    .map_err(|source| Error::Generic { store: "upload", source: source.into() })?;
                if part.is_empty() {
                    return within_time(upload.complete()).await.map(drop);
                }
                within_time(upload.put_part(part.into())).await?;
            }
        };
        let written = written.await;
        if written.is_err() {
            // What is left over is invisible.
            let _ = within_time(upload.abort()).await;
        }
        written
    }

    /// Reads a part of an object; `not_found` if it does not exist.
    pub async fn read(
        &self,
        name: ObjectName,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = object_store::Result<Bytes>> + use<>, ApiError> {
        let options = GetOptions { range: Some(range.into()), ..GetOptions::default() };
        match within_time(self.objects.get_opts(&name.path(), options)).await {
            Ok(found) => Ok(found.into_stream()),
            Err(error @ Error::NotFound { .. }) if self.can_be_listed().await => {
                tracing::warn!(%error, "a file is not in the storage");
                Err(ProblemCode::NotFound.into())
            }
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// Whether the folder or bucket exists: a service says of an object that it is missing if its bucket is.
    async fn can_be_listed(&self) -> bool {
        let mut objects = self.objects.list(None);
        let first = async { objects.next().await.transpose() };
        within_time(first).await.is_ok()
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

/// Fails if it takes too long.
async fn within_time<T>(request: impl Future<Output = object_store::Result<T>>) -> object_store::Result<T> {
    let late = |source: Elapsed| Error::Generic { store: "files", source: source.into() };
    timeout(REQUEST_TIMEOUT, request).await.map_err(late)?
}

async fn read_part(content: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut part = Vec::new();
    content.take(PART_SIZE).read_to_end(&mut part).await?;
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
    // A download takes as long as its client does.
    let client = ClientOptions::new()
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_timeout_disabled()
        .with_read_timeout(REQUEST_TIMEOUT);
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
