//! Where tests keep their logs, to be searched for secrets afterwards.
//!
//! `CHATIRE_TEST_LOGS` names the folder; without it, no logs are kept.

use std::{
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

/// Links the logs of a server and its PostgreSQL, whose data folder is temporary, into the folder.
pub fn keep_logs(data_dir: &Path) {
    let name = data_dir.file_name().unwrap().to_string_lossy();
    for log in ["server.log", "postgres.log"] {
        if let Some(kept) = path(&format!("{name}.{log}")) {
            symlink(kept, data_dir.join(log)).unwrap();
        }
    }
}

/// Path of a file in the folder.
pub fn path(name: &str) -> Option<PathBuf> {
    Some(Path::new(&std::env::var_os("CHATIRE_TEST_LOGS")?).join(name))
}
