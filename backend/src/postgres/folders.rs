//! The places in the data folder that belong to PostgreSQL.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::account::Account;

/// The path of a socket has at most so many bytes, a limit of the kernel.
const LONGEST_SOCKET: usize = 107;
const SOCKET_NAME: &str = ".s.PGSQL.5432";

pub struct Folders(PathBuf);

impl Folders {
    pub fn open(data_dir: &Path, account: &Account) -> Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(account.mode_of_shared_folder())
            .create(data_dir)
            .and_then(|()| data_dir.canonicalize())
            .map(Self)
            .with_context(|| {
                format!("cannot make the data folder {}: set CHATIRE_DATA_DIR", data_dir.display())
            })
    }

    pub fn data(&self) -> &Path {
        &self.0
    }

    pub fn cluster(&self) -> PathBuf {
        self.0.join("postgres")
    }

    /// Where a cluster is made before it gets its name.
    pub fn unfinished_cluster(&self) -> PathBuf {
        self.0.join("postgres.unfinished")
    }

    pub fn log(&self) -> PathBuf {
        self.0.join("postgres.log")
    }

    /// Held by the server that owns the cluster. The kernel lets go of it when that server ends, however it does.
    pub fn lock(&self) -> Result<File> {
        self.try_lock()?.with_context(|| {
            format!(
                "another server is using the data folder {}: stop it, or set CHATIRE_DATA_DIR to another folder",
                self.0.display()
            )
        })
    }

    /// Nothing if another server holds it.
    pub fn try_lock(&self) -> Result<Option<File>> {
        let path = self.0.join("postgres.lock");
        let file =
            OpenOptions::new().create(true).append(true).mode(0o600).open(&path).with_context(|| {
                format!("cannot open {}: does the data folder belong to another user?", path.display())
            })?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).context(format!("cannot lock {}", path.display())),
        }
    }

    /// The folder of the socket by which the server that holds the lock reaches its PostgreSQL.
    pub fn socket_in_use(&self) -> Result<PathBuf> {
        let mut folders = self.socket_folders()?.into_iter();
        folders.find(|folder| folder.join(SOCKET_NAME).exists()).with_context(|| {
            format!("the server that uses {} is only just starting: try again", self.0.display())
        })
    }

    /// The major version of the PostgreSQL that made the cluster, if there is a cluster.
    pub fn written_by(&self) -> Result<Option<u32>> {
        let cluster = self.cluster();
        if !cluster.exists() {
            return Ok(None);
        }
        fs::read_to_string(cluster.join("PG_VERSION"))
            .ok()
            .and_then(|version| version.trim().parse().ok())
            .map(Some)
            .with_context(|| format!("{} holds no cluster of PostgreSQL: move it away", cluster.display()))
    }

    /// A new folder for the socket, in the data folder if the path is short enough. Whatever a crash left there goes.
    pub fn make_socket_folder(&self, account: &Account) -> Result<PathBuf> {
        let mut failure = None;
        for folder in self.socket_folders()?.into_iter().filter(|folder| fits(folder)) {
            match remove(&folder).and_then(|()| make_private(&folder, account)) {
                Ok(()) => return Ok(folder),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.context("there is no place for a socket")?)
    }

    /// The short ones are named after the data folder's identity, so that the next start finds what a crash left.
    fn socket_folders(&self) -> Result<[PathBuf; 3]> {
        let metadata = self.0.metadata()?;
        let short = format!("chatire-{:x}-{:x}", metadata.dev(), metadata.ino());
        Ok([self.0.join("socket"), Path::new("/run").join(&short), Path::new("/tmp").join(&short)])
    }
}

fn fits(folder: &Path) -> bool {
    folder.join(SOCKET_NAME).as_os_str().len() <= LONGEST_SOCKET
}

/// Fails if there is something already, so that nobody can slip a folder of theirs under us in `/tmp`.
pub fn make_private(folder: &Path, account: &Account) -> Result<()> {
    DirBuilder::new()
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    account.give(folder)
}

pub fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).context(format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_of_107_bytes_fits_and_one_more_does_not() {
        let longest = format!("/{}", "x".repeat(LONGEST_SOCKET - SOCKET_NAME.len() - 2));
        assert!(fits(Path::new(&longest)));
        assert!(!fits(Path::new(&(longest + "x"))));
    }
}
