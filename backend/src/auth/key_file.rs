//! The files that hold the secrets of keys.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use anyhow::{Context, bail, ensure};
use uuid::Uuid;

pub const SECRET_BYTES: usize = 32;

/// Random bytes that sign tokens.
pub type Secret = [u8; SECRET_BYTES];

/// The secret in the file, which is made if it is not there.
pub fn read_or_create(path: &Path) -> anyhow::Result<Secret> {
    match create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(path),
        made => made.map_err(Into::into),
    }
    .with_context(|| path.display().to_string())
}

/// The secret in the file, if there is one.
pub fn read_if_there(path: &Path) -> anyhow::Result<Option<Secret>> {
    if !path.exists() {
        return Ok(None);
    }
    read(path).map(Some).with_context(|| path.display().to_string())
}

fn create(path: &Path) -> io::Result<Secret> {
    let key: Secret = rand::random();
    // Written beside and linked into place: a start that is cut short leaves no half a key.
    let draft = path.with_extension(format!("{}.draft", Uuid::new_v4()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(&key).and_then(|()| file.sync_all())?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    linked.map(|()| key)
}

fn read(path: &Path) -> anyhow::Result<Secret> {
    let mut file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode();
    ensure!(
        mode.trailing_zeros() >= 6,
        "others than its owner may use it (mode {:o}): run chmod 600 on it, and replace it if it was shared",
        mode & 0o777
    );
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    match <Secret>::try_from(bytes.as_slice()) {
        Ok(key) if key != [0; SECRET_BYTES] => Ok(key),
        _ => bail!("it is not a key of {SECRET_BYTES} random bytes: remove it, and a new one is made"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_is_nobody_elses_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        assert!(read_if_there(&path).unwrap().is_none());
        let secret = read_or_create(&path).unwrap();
        assert_eq!(read_or_create(&path).unwrap(), secret);
        assert_eq!(read_if_there(&path).unwrap(), Some(secret));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_secret_that_others_can_read_or_that_is_weak_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        read_or_create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(read_or_create(&path).unwrap_err().to_string().contains("a.key"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for weak in [b"short".as_slice(), &[0; SECRET_BYTES]] {
            fs::write(&path, weak).unwrap();
            assert!(read_or_create(&path).is_err(), "{weak:?}");
        }
    }
}
