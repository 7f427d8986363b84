//! Installs Debian packages.

use std::{env, path::Path};

use anyhow::{Context, Result, bail};

use crate::{shell, steps::Step};

/// Packages, and a program that each installs.
const WASM_OPT: (&str, &str) = ("binaryen", "wasm-opt");
const ESBUILD: (&str, &str) = ("esbuild", "esbuild");
const CHROMIUM: (&str, &str) = ("chromium", "chromium");
const NODE: (&str, &str) = ("nodejs", "node");
const NPM: (&str, &str) = ("npm", "npm");
/// A mail server for the tests of e-mails.
const MAIL: (&str, &str) = ("python3-aiosmtpd", "aiosmtpd");

const NODE_MIN: u32 = 18;

/// For a release build. A C compiler is not listed: without one this program could not have been linked.
pub fn build_step() -> Option<Step> {
    install_step(missing(&[WASM_OPT, ESBUILD]))
}

/// PostgreSQL, unless `DATABASE_URL` names a database.
pub fn database_step() -> Option<Step> {
    let package = if env::var_os("DATABASE_URL").is_some() { None } else { postgresql() };
    install_step(package.into_iter().collect())
}

/// For the benchmark, which leaves out servers whose own requirements are missing.
pub fn bench_step() -> Option<Step> {
    let mut packages = missing(&[NODE, NPM]);
    packages.extend(postgresql());
    packages.extend(chromium());
    install_step(packages)
}

/// For all tests; they run PostgreSQL whether or not `DATABASE_URL` is set.
pub fn test_step() -> Option<Step> {
    let mut packages = missing(&[WASM_OPT, ESBUILD, NODE, NPM, MAIL]);
    packages.extend(postgresql());
    packages.extend(python_environments());
    packages.extend(chromium());
    install_step(packages)
}

/// Chromium, unless `CHROMIUM` names one.
fn chromium() -> Vec<&'static str> {
    if env::var_os("CHROMIUM").is_some() { Vec::new() } else { missing(&[CHROMIUM]) }
}

/// Fails if Node.js is too old for Playwright.
pub fn check_node_version() -> Result<()> {
    let mut node = shell::command("node");
    node.arg("--version");
    let version = shell::output(node)?;
    let major =
        version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MIN) {
        bail!("the browser tests need Node.js {NODE_MIN} or newer, found {}", version.trim());
    }
    Ok(())
}

fn missing(wanted: &[(&'static str, &str)]) -> Vec<&'static str> {
    wanted.iter().filter(|(_, program)| !shell::is_installed(program)).map(|(package, _)| *package).collect()
}

/// The package, unless PostgreSQL is installed. Debian keeps its programs off `PATH`.
fn postgresql() -> Option<&'static str> {
    let installed = Path::new("/usr/lib/postgresql")
        .read_dir()
        .is_ok_and(|versions| versions.flatten().any(|version| version.path().join("bin/initdb").is_file()));
    (!installed && !shell::is_installed("initdb")).then_some("postgresql")
}

/// The package, unless Python can create virtual environments. Debian packages that module separately.
fn python_environments() -> Option<&'static str> {
    let mut python = shell::command("python3");
    python.args(["-c", "import ensurepip, venv"]);
    (!shell::succeeds(python)).then_some("python3-venv")
}

fn install_step(packages: Vec<&'static str>) -> Option<Step> {
    let title = format!("install {} with apt-get", packages.join(", "));
    (!packages.is_empty()).then(|| Step::new(title, move || install(&packages)))
}

fn install(packages: &[&str]) -> Result<()> {
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(packages);
    if !shell::is_installed("apt-get") {
        bail!("apt-get not found: install {} by other means", packages.join(", "));
    }
    let hint = || format!("install the packages by hand: sudo apt-get {}", install.join(" "));
    if rustix::process::getuid().is_root() || shell::is_installed("sudo") {
        install_or_update_first(&install, packages).with_context(hint)
    } else {
        bail!("neither root nor sudo: {}", hint())
    }
}

/// Fetches the package lists only if they are missing or turn out to be outdated.
fn install_or_update_first(install: &[&str], packages: &[&str]) -> Result<()> {
    let known = |package: &&str| {
        let mut show = shell::command("apt-cache");
        show.args(["show", package]);
        shell::succeeds(show)
    };
    if packages.iter().all(known) && apt_get(install).is_ok() {
        return Ok(());
    }
    apt_get(&["update"])?;
    apt_get(install)
}

fn apt_get(args: &[&str]) -> Result<()> {
    let root = rustix::process::getuid().is_root();
    let mut command = shell::command(if root { "env" } else { "sudo" });
    if !root {
        command.arg("env");
    }
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(args);
    shell::run(command)
}
