//! Builds everything, and becomes the server.

use std::{
    env, fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{client, project, server, shell, tools};

pub fn run() -> Result<()> {
    tools::for_running()?;
    client::build()?;
    server::build()?;
    shell::say("Starting Chatire; Ctrl-C ends it");
    let mut server = serve(server::binary()?);
    // No process of ours stands between the caller's signals and the server.
    Err(server.exec()).with_context(|| format!("cannot start {}", shell::words(&server)))
}

/// The server, with its data where they stay.
pub fn serve(binary: PathBuf) -> Command {
    let mut server = shell::program(binary);
    server.arg("serve");
    if env::var_os("CHATIRE_DATA_DIR").is_none() {
        server.env("CHATIRE_DATA_DIR", data_folder());
    }
    server
}

/// The database refuses to run as root. The user that it runs as then must get at its files, even when the project
/// lies in a private folder.
fn data_folder() -> PathBuf {
    let root = project::root();
    if env::var_os("DATABASE_URL").is_some() || !rustix::process::getuid().is_root() || is_open(&root) {
        return root.join("data");
    }
    let name = project::fingerprint([root.as_os_str().as_bytes().to_vec()]);
    let folder = PathBuf::from(format!("/var/lib/chatire-{name:016x}"));
    println!(
        "  The database cannot be kept below {}, which is private: it is in {}",
        root.display(),
        folder.display()
    );
    folder
}

/// Whether everyone may pass through it.
fn is_open(folder: &Path) -> bool {
    folder.ancestors().all(|step| fs::metadata(step).is_ok_and(|step| step.permissions().mode() & 0o001 != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_below_a_private_one_is_not_open() {
        let private = env::temp_dir().join(format!("xtask-private-{}", std::process::id()));
        let inner = private.join("inner");
        fs::create_dir_all(&inner).unwrap();
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&private, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(is_open(&inner));
        fs::set_permissions(&private, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!is_open(&inner));
        fs::remove_dir_all(&private).unwrap();
    }
}
