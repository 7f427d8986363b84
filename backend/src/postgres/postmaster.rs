//! PostgreSQL's first process: how it starts, and how it is made to end.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{fs, thread};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::{oneshot, watch};
use tokio::time::{sleep, timeout};

use super::account::Account;
use super::log::Log;
use super::programs::Programs;

/// Politely, hurriedly, at once: and how long each may take.
pub const WAYS_TO_END: [(Signal, Duration); 3] = [
    (Signal::INT, Duration::from_secs(30)),
    (Signal::QUIT, Duration::from_secs(10)),
    (Signal::KILL, Duration::from_secs(10)),
];
/// A start after a crash replays what was not yet in place, which can take a while.
const LONGEST_START: Duration = Duration::from_mins(5);
pub const PAUSE: Duration = Duration::from_millis(20);

/// What an operator's own `postgresql.conf` must not undo. Errors go to our own log by way of the client, so PostgreSQL
/// keeps none of them, and no statements.
const SETTINGS: [&str; 13] = [
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "listen_addresses=",
    "port=5432",
    "unix_socket_permissions=0700",
    "log_destination=stderr",
    "logging_collector=off",
    "log_checkpoints=off",
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
    "log_min_messages=log",
    "log_statement=none",
];

pub struct Postmaster {
    pid: Pid,
    ended: watch::Receiver<Option<String>>,
}

pub fn command(cluster: &Path, socket: &Path, programs: &Programs, account: &Account) -> Command {
    let mut command = account.command(&programs.path("postgres"));
    // Its working folder tells it from any other process that has its number later.
    command.arg("-D").arg(cluster).current_dir(cluster);
    for setting in SETTINGS {
        command.arg("-c").arg(setting);
    }
    command.arg("-c").arg(socket_setting(socket));
    command
}

/// The setting is a list, whose entries may be quoted, with quotes doubled.
fn socket_setting(socket: &Path) -> OsString {
    let mut setting = b"unix_socket_directories=\"".to_vec();
    for &byte in socket.as_os_str().as_bytes() {
        setting.extend(if byte == b'"' { &b"\"\""[..] } else { std::slice::from_ref(&byte) });
    }
    setting.push(b'"');
    OsString::from_vec(setting)
}

impl Postmaster {
    /// Starts PostgreSQL and waits until it takes connections.
    pub async fn start(mut command: Command, cluster: &Path, log: &Log) -> Result<Self> {
        command.stdout(log.writer()?).stderr(log.writer()?);
        let mut postmaster = Self::spawn(command).await.context("cannot run PostgreSQL")?;
        match timeout(LONGEST_START, postmaster.ready(cluster)).await {
            Ok(Ok(())) => return Ok(postmaster),
            Ok(Err(error)) => return Err(error),
            Err(_) => postmaster.stop().await?,
        }
        bail!("PostgreSQL was not ready within {} seconds", LONGEST_START.as_secs())
    }

    /// The thread stays until PostgreSQL ends, because its own end would be taken for ours.
    async fn spawn(mut command: Command) -> Result<Self> {
        let (tell_start, start) = oneshot::channel();
        let (tell_end, ended) = watch::channel(None);
        thread::Builder::new().name("postmaster".to_owned()).spawn(move || {
            let child = command.spawn();
            // The log's handles are in it.
            drop(command);
            let mut child = match child {
                Ok(child) => child,
                Err(error) => return drop(tell_start.send(Err(error))),
            };
            drop(tell_start.send(Ok(child.id())));
            let how = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
            tell_end.send_replace(Some(how));
        })?;
        let pid = start.await.context("the thread that starts PostgreSQL is gone")??;
        let pid =
            i32::try_from(pid).ok().and_then(Pid::from_raw).context("PostgreSQL has no process number")?;
        Ok(Self { pid, ended })
    }

    async fn ready(&mut self, cluster: &Path) -> Result<()> {
        let status = cluster.join("postmaster.pid");
        loop {
            if fs::read_to_string(&status).is_ok_and(|file| says_ready(&file, self.pid)) {
                return Ok(());
            }
            tokio::select! {
                how = self.ended() => bail!("PostgreSQL did not start ({how})"),
                () = sleep(PAUSE) => {}
            }
        }
    }

    /// Waits for the end and says how it came.
    pub async fn ended(&mut self) -> String {
        let how = self.ended.wait_for(Option::is_some).await;
        how.ok().and_then(|how| how.clone()).unwrap_or_else(|| "nobody saw how".to_owned())
    }

    pub async fn stop(&mut self) -> Result<()> {
        for (signal, patience) in WAYS_TO_END {
            self.send(signal);
            if timeout(patience, self.ended()).await.is_ok() {
                return Ok(());
            }
            tracing::warn!(?signal, "PostgreSQL does not end in time");
        }
        bail!("PostgreSQL (process {}) does not end", self.pid)
    }

    fn send(&self, signal: Signal) {
        if self.ended.borrow().is_none() {
            // Fails only if it has just ended, which the caller is about to see.
            kill_process(self.pid, signal).ok();
        }
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        self.send(Signal::INT);
    }
}

/// The eighth line says so; the first tells this run's words from an earlier one's.
fn says_ready(status: &str, pid: Pid) -> bool {
    let mut lines = status.lines();
    let ours = lines.next().is_some_and(|line| line.parse() == Ok(pid.as_raw_nonzero().get()));
    ours && lines.nth(6).is_some_and(|line| line.trim() == "ready")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_runs_mark_says_ready() {
        let mark =
            |first: u32, last: &str| format!("{first}\n/data\n1700000000\n5432\n/socket\n\n  1 2\n{last}\n");
        let pid = Pid::from_raw(77).unwrap();
        assert!(says_ready(&mark(77, "ready   "), pid));
        assert!(!says_ready(&mark(77, "starting"), pid));
        assert!(!says_ready(&mark(76, "ready   "), pid));
        assert!(!says_ready("77\n", pid));
        assert!(!says_ready("", pid));
    }
}
