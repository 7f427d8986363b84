//! The files of PostgreSQL in the data directory.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::os_user::OsUser;

/// The kernel's limit for the path of a socket, in bytes.
const SOCKET_PATH_MAX: usize = 107;
const SOCKET_NAME: &str = ".s.PGSQL.5432";

pub struct DataDir(PathBuf);

impl DataDir {
    pub fn open(data_dir: &Path, os_user: &OsUser) -> Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(os_user.shared_dir_mode())
            .create(data_dir)
            .and_then(|()| data_dir.canonicalize())
            .map(Self)
            .with_context(|| {
                format!("cannot create the data directory {}: set CHATIRE_DATA_DIR", data_dir.display())
            })
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn cluster(&self) -> PathBuf {
        self.0.join("postgres")
    }

    /// Where a cluster is created before it is renamed.
    pub fn unfinished_cluster(&self) -> PathBuf {
        self.0.join("postgres.unfinished")
    }

    pub fn log(&self) -> PathBuf {
        self.0.join("postgres.log")
    }

    /// Held by the server that owns the cluster. The kernel releases it when that server ends for any reason.
    pub fn lock(&self) -> Result<File> {
        self.try_lock()?.with_context(|| {
            format!(
                "another server is using the data directory {}: stop it, or set CHATIRE_DATA_DIR to another directory",
                self.0.display()
            )
        })
    }

    /// `None` if another server holds it.
    pub fn try_lock(&self) -> Result<Option<File>> {
        let path = self.0.join("postgres.lock");
        let file =
            OpenOptions::new().create(true).append(true).mode(0o600).open(&path).with_context(|| {
                format!("cannot open {}: does the data directory belong to another user?", path.display())
            })?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).context(format!("cannot lock {}", path.display())),
        }
    }

    /// The socket directory of the running PostgreSQL.
    pub fn active_socket_dir(&self) -> Result<PathBuf> {
        let mut dirs = self.socket_dirs()?.into_iter();
        dirs.find(|dir| dir.join(SOCKET_NAME).exists()).with_context(|| {
            format!("the server that uses {} is still starting: try again", self.0.display())
        })
    }

    /// The major version of PostgreSQL that created the cluster, if it exists.
    pub fn cluster_version(&self) -> Result<Option<u32>> {
        let cluster = self.cluster();
        if !cluster.exists() {
            return Ok(None);
        }
        fs::read_to_string(cluster.join("PG_VERSION"))
            .ok()
            .and_then(|version| version.trim().parse().ok())
            .map(Some)
            .with_context(|| format!("{} is not a PostgreSQL cluster: move it away", cluster.display()))
    }

    /// Creates the socket directory, in the data directory if the path is short enough. Replaces one that a crash left.
    pub fn create_socket_dir(&self, os_user: &OsUser) -> Result<PathBuf> {
        let mut failure = None;
        for dir in self.socket_dirs()?.into_iter().filter(|dir| fits(dir)) {
            match remove_dir(&dir).and_then(|()| create_private_dir(&dir, os_user)) {
                Ok(()) => return Ok(dir),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.context("no directory is suitable for the socket")?)
    }

    /// The short paths contain the identity of the data directory, so that the next start finds what a crash left.
    fn socket_dirs(&self) -> Result<[PathBuf; 3]> {
        let metadata = self.0.metadata()?;
        let short = format!("chatire-{:x}-{:x}", metadata.dev(), metadata.ino());
        Ok([self.0.join("socket"), Path::new("/run").join(&short), Path::new("/tmp").join(&short)])
    }
}

fn fits(dir: &Path) -> bool {
    dir.join(SOCKET_NAME).as_os_str().len() <= SOCKET_PATH_MAX
}

/// Fails if the path exists, so that another user cannot plant a directory in `/tmp`.
pub fn create_private_dir(dir: &Path, os_user: &OsUser) -> Result<()> {
    DirBuilder::new()
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("cannot create the directory {}", dir.display()))?;
    os_user.take_ownership(dir)
}

pub fn remove_dir(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).context(format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn socket_path_is_limited_to_107_bytes() {
        let longest = format!("/{}", "x".repeat(SOCKET_PATH_MAX - SOCKET_NAME.len() - 2));
        assert!(fits(Path::new(&longest)));
        assert!(!fits(Path::new(&(longest + "x"))));
    }
}
