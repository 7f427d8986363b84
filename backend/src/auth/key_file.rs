//! Files that hold secret keys.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use anyhow::{Context, bail, ensure};
use uuid::Uuid;

pub const KEY_LENGTH: usize = 32;

pub type KeyBytes = [u8; KEY_LENGTH];

/// Reads the key; creates the file if it does not exist.
pub fn read_or_create(path: &Path) -> anyhow::Result<KeyBytes> {
    match create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(path),
        made => made.map_err(Into::into),
    }
    .with_context(|| path.display().to_string())
}

pub fn read_if_exists(path: &Path) -> anyhow::Result<Option<KeyBytes>> {
    if !path.exists() {
        return Ok(None);
    }
    read(path).map(Some).with_context(|| path.display().to_string())
}

fn create(path: &Path) -> io::Result<KeyBytes> {
    let key: KeyBytes = rand::random();
    // Written to a temporary file and linked into place, so that an interrupted start leaves no partial key.
    let draft = path.with_extension(format!("{}.draft", Uuid::new_v4()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(&key).and_then(|()| file.sync_all())?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    linked.map(|()| key)
}

fn read(path: &Path) -> anyhow::Result<KeyBytes> {
    let mut file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode();
    ensure!(
        mode.trailing_zeros() >= 6,
        "other users can access it (mode {:o}): run chmod 600 on it, and replace it if it was shared",
        mode & 0o777
    );
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    match KeyBytes::try_from(bytes.as_slice()) {
        Ok(key) if key != [0; KEY_LENGTH] => Ok(key),
        _ => bail!("it is not a key of {KEY_LENGTH} random bytes: remove it to create a new one"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_created_once_with_private_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        assert!(read_if_exists(&path).unwrap().is_none());
        let key = read_or_create(&path).unwrap();
        assert_eq!(read_or_create(&path).unwrap(), key);
        assert_eq!(read_if_exists(&path).unwrap(), Some(key));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn readable_or_weak_key_is_rejected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        read_or_create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(read_or_create(&path).unwrap_err().to_string().contains("a.key"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for weak in [b"short".as_slice(), &[0; KEY_LENGTH]] {
            fs::write(&path, weak).unwrap();
            assert!(read_or_create(&path).is_err(), "{weak:?}");
        }
    }
}
