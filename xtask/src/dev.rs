//! Runs everything, and builds it anew whenever it changes.

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

use crate::{client, project, run, shell, tools};

/// What the server is built from.
const INPUTS: [&str; 5] = ["backend", "shared", "migrations", "Cargo.toml", "Cargo.lock"];

const GLANCE: Duration = Duration::from_millis(300);

/// Ctrl-C reaches the children of itself; whoever ends only this process has it told to them.
pub fn run() -> Result<()> {
    tools::for_running()?;
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&ended))?;
    }
    client::pages()?;
    let mut trunks = Vec::new();
    for program in client::PROGRAMS {
        let mut trunk = client::trunk("watch", program);
        trunk.args(["--watch", "frontend", "--watch", "shared"]);
        trunks.push(trunk.spawn()?);
    }
    let served = keep_serving(&ended);
    trunks.iter_mut().try_for_each(stop)?;
    served
}

fn keep_serving(ended: &AtomicBool) -> Result<()> {
    let mut server = None;
    let mut built = Vec::new();
    while !ended.load(Ordering::Relaxed) {
        client::pages()?;
        let wanted = times()?;
        if wanted != built {
            built = wanted;
            restart(&mut server)?;
        }
        thread::sleep(GLANCE);
    }
    server.as_mut().map_or(Ok(()), stop)
}

/// Who cannot be built does not replace who runs.
fn restart(server: &mut Option<Child>) -> Result<()> {
    shell::say("Building the server");
    if let Err(error) = shell::run(shell::cargo(["build", "--package", "backend"])) {
        eprintln!("\n✗ {error:#}; waiting for a change");
        return Ok(());
    }
    if let Some(old) = server {
        stop(old)?;
    }
    *server = Some(run::serve(project::target()?.join("debug/chatire")).spawn()?);
    Ok(())
}

fn stop(child: &mut Child) -> Result<()> {
    if child.try_wait()?.is_none() {
        kill_process(Pid::from_child(child), Signal::TERM)?;
        child.wait()?;
    }
    Ok(())
}

fn times() -> Result<Vec<(PathBuf, SystemTime)>> {
    let mut times = Vec::new();
    for input in INPUTS {
        for path in project::files(&project::root().join(input))? {
            // A file may be gone again: editors write beside and rename.
            if let Ok(changed) = fs::metadata(&path).and_then(|file| file.modified()) {
                times.push((path, changed));
            }
        }
    }
    Ok(times)
}
