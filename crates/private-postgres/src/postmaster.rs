//! Starts and stops the main process of PostgreSQL.

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

use super::binaries::Binaries;
use super::log::ServerLog;
use super::os_user::OsUser;

/// Fast shutdown, immediate shutdown, kill: and the time limit of each.
pub const SHUTDOWN_STEPS: [(Signal, Duration); 3] = [
    (Signal::INT, Duration::from_secs(30)),
    (Signal::QUIT, Duration::from_secs(10)),
    (Signal::KILL, Duration::from_secs(10)),
];
/// A start after a crash replays the write-ahead log, which can take minutes.
const START_TIMEOUT: Duration = Duration::from_mins(5);
pub const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Settings that override `postgresql.conf`. Errors reach the server's own log through the client, so that PostgreSQL logs
/// neither them nor statements.
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
    exit_status: watch::Receiver<Option<String>>,
}

pub fn command(cluster: &Path, socket: &Path, binaries: &Binaries, os_user: &OsUser) -> Command {
    let mut command = os_user.command(&binaries.path("postgres"));
    // The working directory distinguishes it from another process that gets its PID later.
    command.arg("-D").arg(cluster).current_dir(cluster);
    for setting in SETTINGS {
        command.arg("-c").arg(setting);
    }
    command.arg("-c").arg(socket_setting(socket));
    command
}

/// The setting is a list. Entries may be quoted, with quotes doubled.
fn socket_setting(socket: &Path) -> OsString {
    let mut setting = b"unix_socket_directories=\"".to_vec();
    for &byte in socket.as_os_str().as_bytes() {
        setting.extend(if byte == b'"' { &b"\"\""[..] } else { std::slice::from_ref(&byte) });
    }
    setting.push(b'"');
    OsString::from_vec(setting)
}

impl Postmaster {
    /// Starts PostgreSQL and waits until it accepts connections.
    pub async fn start(mut command: Command, cluster: &Path, log: &ServerLog) -> Result<Self> {
        command.stdout(log.writer()?).stderr(log.writer()?);
        let mut postmaster = Self::spawn(command).await.context("cannot run PostgreSQL")?;
        match timeout(START_TIMEOUT, postmaster.wait_until_ready(cluster)).await {
            Ok(Ok(())) => return Ok(postmaster),
            Ok(Err(error)) => return Err(error),
            Err(_) => postmaster.stop().await?,
        }
        bail!("PostgreSQL was not ready within {} seconds", START_TIMEOUT.as_secs())
    }

    /// The spawning thread waits until PostgreSQL ends, because PostgreSQL receives SIGINT when that thread ends.
    async fn spawn(mut command: Command) -> Result<Self> {
        let (started_sender, started) = oneshot::channel();
        let (exit_sender, exit_status) = watch::channel(None);
        thread::Builder::new().name("postmaster".to_owned()).spawn(move || {
            let child = command.spawn();
            // Closes its handles of the log.
            drop(command);
            let mut child = match child {
                Ok(child) => child,
                Err(error) => return drop(started_sender.send(Err(error))),
            };
            drop(started_sender.send(Ok(child.id())));
            let status = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
            exit_sender.send_replace(Some(status));
        })?;
        let pid = started.await.context("the thread that starts PostgreSQL ended")??;
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).context("PostgreSQL has no process id")?;
        Ok(Self { pid, exit_status })
    }

    async fn wait_until_ready(&mut self, cluster: &Path) -> Result<()> {
        let pid_file = cluster.join("postmaster.pid");
        loop {
            if fs::read_to_string(&pid_file).is_ok_and(|file| is_ready(&file, self.pid)) {
                return Ok(());
            }
            tokio::select! {
                status = self.wait() => bail!("PostgreSQL did not start ({status})"),
                () = sleep(POLL_INTERVAL) => {}
            }
        }
    }

    /// Waits until PostgreSQL ends and returns its exit status.
    pub async fn wait(&mut self) -> String {
        let status = self.exit_status.wait_for(Option::is_some).await;
        status.ok().and_then(|status| status.clone()).unwrap_or_else(|| "unknown exit status".to_owned())
    }

    pub async fn stop(&mut self) -> Result<()> {
        for (signal, time_limit) in SHUTDOWN_STEPS {
            self.send(signal);
            if timeout(time_limit, self.wait()).await.is_ok() {
                return Ok(());
            }
            tracing::warn!(?signal, "PostgreSQL did not end in time");
        }
        bail!("cannot stop PostgreSQL (process {})", self.pid)
    }

    fn send(&self, signal: Signal) {
        if self.exit_status.borrow().is_none() {
            // Fails only if it has just ended, which the caller will notice.
            kill_process(self.pid, signal).ok();
        }
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        self.send(Signal::INT);
    }
}

/// Line 8 of the PID file is the state; line 1 is the PID, which distinguishes this run from earlier ones.
fn is_ready(pid_file: &str, pid: Pid) -> bool {
    let mut lines = pid_file.lines();
    let is_this_run = lines.next().is_some_and(|line| line.parse() == Ok(pid.as_raw_nonzero().get()));
    is_this_run && lines.nth(6).is_some_and(|line| line.trim() == "ready")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pid_file_of_this_run_is_ready() {
        let pid_file =
            |pid: u32, state: &str| format!("{pid}\n/data\n1700000000\n5432\n/socket\n\n  1 2\n{state}\n");
        let pid = Pid::from_raw(77).unwrap();
        assert!(is_ready(&pid_file(77, "ready   "), pid));
        assert!(!is_ready(&pid_file(77, "starting"), pid));
        assert!(!is_ready(&pid_file(76, "ready   "), pid));
        assert!(!is_ready("77\n", pid));
        assert!(!is_ready("", pid));
    }
}
