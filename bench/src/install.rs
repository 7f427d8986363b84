//! Fetches the contestants that come from a registry.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::contestant::Contestant;
use crate::project;

/// Says why it cannot be had, if it cannot.
pub fn contestant(contestant: Contestant) -> Result<()> {
    match contestant {
        Contestant::Bun => {
            npm("bun")?;
            runs(Command::new(project::bun()))
        }
        Contestant::SocketIo => {
            runs(Command::new("node"))?;
            npm("socketio")
        }
        Contestant::Django => pip("django"),
        _ => Ok(()),
    }
}

fn npm(name: &str) -> Result<()> {
    packages(name, "server.js", "package.json", |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder);
        succeeds(npm)
    })
}

fn pip(name: &str) -> Result<()> {
    packages(name, "server.py", "requirements.txt", |folder| {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv", "venv"]).current_dir(folder);
        succeeds(venv)?;
        let mut pip = Command::new(project::python());
        pip.args(["-m", "pip", "install", "--quiet", "--requirement", "requirements.txt"])
            .current_dir(folder);
        succeeds(pip)
    })
}

/// Lays the contestant's files down and its packages beside them, unless that was done for the same list of packages.
fn packages(name: &str, server: &str, list: &str, install: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let (from, to) = (project::root().join("bench/contestants").join(name), project::fetched(name));
    fs::create_dir_all(&to)?;
    fs::copy(from.join(server), to.join(server))?;
    let wanted = fs::read(from.join(list))?;
    let marker = to.join("installed");
    if fs::read(&marker).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("Installing what {name} needs into {}", to.display());
    fs::copy(from.join(list), to.join(list))?;
    install(&to)?;
    Ok(fs::write(marker, wanted)?)
}

fn succeeds(mut command: Command) -> Result<()> {
    let name = command.get_program().display().to_string();
    let status = command.status().with_context(|| format!("{name} cannot be run"))?;
    if status.success() { Ok(()) } else { bail!("{name} failed ({status})") }
}

fn runs(mut program: Command) -> Result<()> {
    let quiet = program.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status =
        quiet.status().with_context(|| format!("{} cannot be run", quiet.get_program().display()))?;
    if status.success() { Ok(()) } else { bail!("it does not run ({status})") }
}
