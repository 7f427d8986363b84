//! `cargo xtask run`: builds everything, then becomes the server.

use std::{
    env, fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    client,
    project::{self, BuildMode},
    server, shell, steps, tools,
};

pub fn run() -> Result<()> {
    let mut steps = tools::run_steps()?;
    // A quick build of the server reads the client from dist/ instead of embedding it, so that it need not wait.
    steps.push(server::build_step(BuildMode::Quick));
    steps.extend(client::build_steps(BuildMode::Quick)?);
    steps::run_all(steps)?;
    shell::print_step("Starting Chatire; press Ctrl-C to stop");
    let mut server = server_command(server::binary(BuildMode::Quick)?);
    // Replaces this process, so that the server receives the caller's signals.
    Err(server.exec()).with_context(|| format!("cannot start {}", shell::display(&server)))
}

/// `chatire serve` with a data folder that survives restarts.
pub fn server_command(binary: PathBuf) -> Command {
    let mut server = shell::command(binary);
    server.arg("serve");
    if env::var_os("CHATIRE_DATA_DIR").is_none() {
        server.env("CHATIRE_DATA_DIR", data_dir());
    }
    server
}

/// PostgreSQL does not run as root. Its user must be able to reach the data folder; when the project lies in a private
/// folder, the data folder is in `/var/lib` instead.
fn data_dir() -> PathBuf {
    let root = project::root();
    if env::var_os("DATABASE_URL").is_some() || !rustix::process::getuid().is_root() || is_traversable(&root)
    {
        return root.join("data");
    }
    let name = project::fingerprint([root.as_os_str().as_bytes().to_vec()]);
    let folder = PathBuf::from(format!("/var/lib/chatire-{name:016x}"));
    println!(
        "  {} is private, and the database runs as another user: its data folder is {}",
        root.display(),
        folder.display()
    );
    folder
}

/// Whether every user may enter the folder.
fn is_traversable(folder: &Path) -> bool {
    folder.ancestors().all(|step| fs::metadata(step).is_ok_and(|step| step.permissions().mode() & 0o001 != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_below_a_private_one_is_not_traversable() {
        let private = env::temp_dir().join(format!("xtask-private-{}", std::process::id()));
        let inner = private.join("inner");
        fs::create_dir_all(&inner).unwrap();
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&private, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(is_traversable(&inner));
        fs::set_permissions(&private, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!is_traversable(&inner));
        fs::remove_dir_all(&private).unwrap();
    }
}
