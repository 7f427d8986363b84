//! CPU cores of server and load generator, and the limit of open files.

use std::ffi::OsStr;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// One core for the server and its database, one for the load generator.
pub struct Cores {
    pub server: usize,
    pub load: usize,
}

impl Cores {
    pub fn detect() -> Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core));
        let server = cores.next().context("no CPU core is available")?;
        Ok(Self { server, load: cores.next().unwrap_or(server) })
    }

    pub fn is_single_core(&self) -> bool {
        self.server == self.load
    }

    /// A command that runs on the server's core.
    pub fn server_command(&self, program: impl AsRef<OsStr>) -> Command {
        pinned_command(self.server, program)
    }

    /// A command that runs on the load generator's core.
    pub fn load_command(&self, program: impl AsRef<OsStr>) -> Command {
        pinned_command(self.load, program)
    }
}

fn pinned_command(core: usize, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.arg("--cpu-list").arg(core.to_string());
    // If this program dies, the kernel kills what it started.
    command.args(["setpriv", "--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// Pins this thread, and all processes it starts from now on.
pub fn pin_thread(core: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}

/// The average of the last minute.
pub fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// Raises the limit to the maximum. The servers inherit it.
pub fn raise_open_files_limit() -> Result<u64> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    Ok(maximum.unwrap_or(u64::MAX))
}
