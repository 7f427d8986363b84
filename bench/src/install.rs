//! Fetches the contestants that come from a registry.

use std::fs;
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
        _ => Ok(()),
    }
}

/// Lays the contestant's files down and its packages beside them, unless that was done for the same list of packages.
fn npm(name: &str) -> Result<()> {
    let (from, to) = (project::root().join("bench/contestants").join(name), project::fetched(name));
    fs::create_dir_all(&to)?;
    fs::copy(from.join("server.js"), to.join("server.js"))?;
    let wanted = fs::read(from.join("package.json"))?;
    let marker = to.join("installed.json");
    if fs::read(&marker).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("Installing {name} with npm into {}", to.display());
    fs::copy(from.join("package.json"), to.join("package.json"))?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&to);
    let status = npm.status().context("npm cannot be run")?;
    if !status.success() {
        bail!("npm cannot install it ({status})");
    }
    Ok(fs::write(marker, wanted)?)
}

fn runs(mut program: Command) -> Result<()> {
    let quiet = program.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status =
        quiet.status().with_context(|| format!("{} cannot be run", quiet.get_program().display()))?;
    if status.success() { Ok(()) } else { bail!("it does not run ({status})") }
}
