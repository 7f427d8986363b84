//! `cargo xtask run --dev`: runs a debug build, and rebuilds and restarts it on every change.

use std::{
    fs,
    path::PathBuf,
    process::Child,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use anyhow::Result;
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::{client, project, run, shell, steps, tools};

/// What the server is built from.
const INPUTS: [&str; 6] = ["backend", "shared", "crates", "migrations", "Cargo.toml", "Cargo.lock"];

const POLL_INTERVAL: Duration = Duration::from_millis(300);

/// Ctrl-C reaches the child processes by itself; a signal to this process alone is passed on.
pub fn run() -> Result<()> {
    steps::run_all(tools::dev_steps()?)?;
    let stopping = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stopping))?;
    }
    client::write_account_page()?;
    let mut trunks = Vec::new();
    for program in client::PROGRAMS {
        let mut trunk =
            client::trunk_command("watch", &program.source(), &project::dist_dir().join(program.name));
        trunk.args(client::DEBUG_PROFILE);
        trunk.args(["--watch", "frontend", "--watch", "shared", "--watch", "crates"]);
        trunks.push(trunk.spawn()?);
    }
    let result = run_server(&stopping);
    trunks.iter_mut().try_for_each(stop)?;
    result
}

fn run_server(stopping: &AtomicBool) -> Result<()> {
    let mut server = None;
    let mut built_from = Vec::new();
    while !stopping.load(Ordering::Relaxed) {
        client::write_account_page()?;
        let current = modification_times()?;
        if current != built_from {
            built_from = current;
            restart(&mut server)?;
        }
        thread::sleep(POLL_INTERVAL);
    }
    server.as_mut().map_or(Ok(()), stop)
}

/// Keeps the old server running when the build fails.
fn restart(server: &mut Option<Child>) -> Result<()> {
    shell::print_step("Building the server");
    if let Err(error) = shell::run(shell::cargo(["build", "--package", "backend"])) {
        eprintln!("\n✗ {error:#}; waiting for a change");
        return Ok(());
    }
    if let Some(old) = server {
        stop(old)?;
    }
    *server = Some(run::server_command(shell::target_dir()?.join("debug/chatire")).spawn()?);
    Ok(())
}

fn stop(child: &mut Child) -> Result<()> {
    if child.try_wait()?.is_none() {
        kill_process(Pid::from_child(child), Signal::TERM)?;
        child.wait()?;
    }
    Ok(())
}

fn modification_times() -> Result<Vec<(PathBuf, SystemTime)>> {
    let mut times = Vec::new();
    for input in INPUTS {
        for path in project::list_files(&project::root().join(input))? {
            // A file may have vanished: editors write temporary files and rename them.
            if let Ok(modified) = fs::metadata(&path).and_then(|file| file.modified()) {
                times.push((path, modified));
            }
        }
    }
    Ok(times)
}
