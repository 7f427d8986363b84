//! Removes folders after a test process has ended, however it ends.

use std::{
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
};

/// Starts a process that waits until this process and the PostgreSQL in the folder have ended, and then removes the
/// folder. Its standard input is a pipe that closes with this process.
pub fn remove_after_exit(folder: &Path) {
    const SCRIPT: &str = r#"cat; for _ in $(seq 600); do
        [ -e "$0/postgres/postmaster.pid" ] || break; sleep 0.1
    done; rm -rf "$0""#;
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT]).arg(folder).process_group(0);
    let cleaner = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::mem::forget(cleaner);
}
