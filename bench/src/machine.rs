//! The machine: which core is whose, and how many sockets there may be.

use std::ffi::OsStr;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The core of the server and its database, and that of the load.
pub struct Cores {
    pub server: usize,
    pub load: usize,
}

impl Cores {
    pub fn find() -> Result<Self> {
        let mine = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| mine.is_set(core));
        let server = cores.next().context("no core at all")?;
        Ok(Self { server, load: cores.next().unwrap_or(server) })
    }

    pub fn are_shared(&self) -> bool {
        self.server == self.load
    }

    /// A command that runs on the server's core.
    pub fn beside_the_server(&self, program: impl AsRef<OsStr>) -> Command {
        on(self.server, program)
    }

    /// A command that runs on the core of the load.
    pub fn beside_the_load(&self, program: impl AsRef<OsStr>) -> Command {
        on(self.load, program)
    }
}

fn on(core: usize, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.arg("--cpu-list").arg(core.to_string());
    // However this program ends, nothing of what it started goes on.
    command.args(["setpriv", "--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// Moves this thread, and with it whatever it starts from now on.
pub fn move_to(core: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}

/// How many others want the cores, on average over the last minute.
pub fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// As many files as the system lets us have; the servers inherit that.
pub fn raise_limit_of_files() -> Result<u64> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    Ok(maximum.unwrap_or(u64::MAX))
}
