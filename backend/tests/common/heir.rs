//! Whoever outlives a test, to tidy up after it.

use std::{
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
};

/// A process that waits for our end, however it comes, and for PostgreSQL's, and removes the folder. Its input is a pipe
/// whose other end closes with us.
pub fn remove_after_us(folder: &Path) {
    const SCRIPT: &str = r#"cat; for _ in $(seq 600); do
        [ -e "$0/postgres/postmaster.pid" ] || break; sleep 0.1
    done; rm -rf "$0""#;
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT]).arg(folder).process_group(0);
    let heir = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::mem::forget(heir);
}
