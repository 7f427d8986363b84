//! What tests leave for whoever looks through the logs afterwards: the logs, and what must not be in them.
//!
//! `CHATIRE_TEST_LOGS` names the folder; without it, nothing is left.

use std::{
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

/// Has the logs of a server and its PostgreSQL, which begin in a folder that goes, written where they stay.
pub fn keep(folder: &Path) {
    let name = folder.file_name().unwrap().to_string_lossy();
    for log in ["server.log", "postgres.log"] {
        if let Some(kept) = place(&format!("{name}.{log}")) {
            symlink(kept, folder.join(log)).unwrap();
        }
    }
}

/// Where a file in that folder is.
pub fn place(name: &str) -> Option<PathBuf> {
    Some(Path::new(&std::env::var_os("CHATIRE_TEST_LOGS")?).join(name))
}
