//! Installs the targets that come from package registries.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::paths;
use crate::target::Target;

/// An error says why the target cannot be used.
pub fn ensure_installed(target: Target) -> Result<()> {
    match target {
        Target::Bun => {
            install_npm("bun")?;
            ensure_runnable(Command::new(paths::bun_binary()))
        }
        Target::SocketIo => {
            ensure_runnable(Command::new("node"))?;
            install_npm("socketio")
        }
        Target::Django => install_pip("django"),
        _ => Ok(()),
    }
}

pub fn install_npm(name: &str) -> Result<()> {
    install_packages(name, "server.js", "package.json", |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder);
        run_checked(npm)
    })
}

fn install_pip(name: &str) -> Result<()> {
    install_packages(name, "server.py", "requirements.txt", |folder| {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv", "venv"]).current_dir(folder);
        run_checked(venv)?;
        let mut pip = Command::new(paths::python_binary());
        pip.args(["-m", "pip", "install", "--quiet", "--requirement", "requirements.txt"])
            .current_dir(folder);
        run_checked(pip)
    })
}

/// Copies the server and installs its packages, unless the same package list is installed already.
fn install_packages(
    name: &str,
    server: &str,
    list: &str,
    install: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    let (source, dir) = (paths::root().join("bench/targets").join(name), paths::install_dir(name));
    fs::create_dir_all(&dir)?;
    fs::copy(source.join(server), dir.join(server))?;
    let required = fs::read(source.join(list))?;
    let marker = dir.join("installed");
    if fs::read(&marker).is_ok_and(|installed| installed == required) {
        return Ok(());
    }
    println!("Installing the packages of {name} into {}", dir.display());
    fs::copy(source.join(list), dir.join(list))?;
    install(&dir)?;
    Ok(fs::write(marker, required)?)
}

fn run_checked(mut command: Command) -> Result<()> {
    let name = command.get_program().display().to_string();
    let status = command.status().with_context(|| format!("cannot run {name}"))?;
    if status.success() { Ok(()) } else { bail!("{name} failed ({status})") }
}

pub fn ensure_runnable(mut program: Command) -> Result<()> {
    let quiet = program.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = quiet.status().with_context(|| format!("cannot run {}", quiet.get_program().display()))?;
    if status.success() { Ok(()) } else { bail!("does not run ({status})") }
}
