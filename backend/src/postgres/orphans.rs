//! What a server that crashed left running. Whoever holds the lock of the data folder may end it.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{sleep, timeout};

use super::postmaster::{PAUSE, WAYS_TO_END};

/// Ends the PostgreSQL that works in the folder, and removes the mark that it left there.
pub async fn evict(folder: &Path) -> Result<()> {
    let mark = folder.join("postmaster.pid");
    for (signal, patience) in WAYS_TO_END {
        let first = fs::read_to_string(&mark).ok().and_then(|file| file.lines().next()?.parse().ok());
        let first = first.and_then(Pid::from_raw);
        for process in occupants(folder) {
            // The first process ends the others in good order.
            if signal == Signal::KILL || first == Some(process) {
                tracing::warn!(%process, "ending a PostgreSQL that an earlier run left");
                kill_process(process, signal).ok();
            }
        }
        if timeout(patience, vacated(folder)).await.is_ok() {
            // Nobody is there, whatever the mark says: its number may be somebody else's by now, and then PostgreSQL
            // would refuse to start.
            fs::remove_file(&mark).ok();
            return Ok(());
        }
    }
    bail!("the PostgreSQL that an earlier run left in {} does not end", folder.display())
}

async fn vacated(folder: &Path) {
    while !occupants(folder).is_empty() {
        sleep(PAUSE).await;
    }
}

/// The processes of PostgreSQL that work in the folder.
pub fn occupants(folder: &Path) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == folder))
        .filter(|process| {
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            ["initdb", "postgres", "postmaster", "setpriv"].contains(&name.trim())
        })
        .filter_map(|process| Pid::from_raw(process.file_name().to_str()?.parse().ok()?))
        .collect()
}
