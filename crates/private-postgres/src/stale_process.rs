//! Stops processes that a crashed server left running. The caller holds the lock of the data directory.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{sleep, timeout};

use super::postmaster::{POLL_INTERVAL, SHUTDOWN_STEPS};

/// Stops the PostgreSQL that runs in the directory, and removes its PID file.
pub async fn stop(dir: &Path) -> Result<()> {
    let pid_file = dir.join("postmaster.pid");
    for (signal, time_limit) in SHUTDOWN_STEPS {
        let postmaster =
            fs::read_to_string(&pid_file).ok().and_then(|file| file.lines().next()?.parse().ok());
        let postmaster = postmaster.and_then(Pid::from_raw);
        for process in running_in(dir) {
            // The postmaster shuts the other processes down cleanly.
            if signal == Signal::KILL || postmaster == Some(process) {
                tracing::warn!(%process, "stopping a stale PostgreSQL process");
                kill_process(process, signal).ok();
            }
        }
        if timeout(time_limit, wait_until_gone(dir)).await.is_ok() {
            // The PID in the file may belong to another process by now, and PostgreSQL would refuse to start.
            fs::remove_file(&pid_file).ok();
            return Ok(());
        }
    }
    bail!("cannot stop the stale PostgreSQL in {}", dir.display())
}

async fn wait_until_gone(dir: &Path) {
    while !running_in(dir).is_empty() {
        sleep(POLL_INTERVAL).await;
    }
}

/// The PostgreSQL processes whose working directory is `dir`.
pub fn running_in(dir: &Path) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == dir))
        .filter(|process| {
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            ["initdb", "postgres", "postmaster", "setpriv"].contains(&name.trim())
        })
        .filter_map(|process| Pid::from_raw(process.file_name().to_str()?.parse().ok()?))
        .collect()
}
