//! What comes from Debian's packages.

use std::{env, path::Path};

use anyhow::{Context, Result, bail};

use crate::shell;

/// The programs by which each package is known to be there.
const WASM_OPT: (&str, &str) = ("binaryen", "wasm-opt");
const CHROMIUM: (&str, &str) = ("chromium", "chromium");
const NODE: (&str, &str) = ("nodejs", "node");
const NPM: (&str, &str) = ("npm", "npm");
/// A mail server, for the tests of letters.
const MAIL: (&str, &str) = ("python3-aiosmtpd", "aiosmtpd");

const OLDEST_NODE: u32 = 18;

/// What building needs. A C compiler is not among it: without one this program could not have been linked.
pub fn for_building() -> Result<()> {
    install(&missing(&[WASM_OPT]))
}

/// What running needs besides.
pub fn for_running() -> Result<()> {
    let database = if env::var_os("DATABASE_URL").is_some() { None } else { postgresql() };
    install(&database.into_iter().collect::<Vec<_>>())
}

/// What comparing needs. Contestants that need more are left out when they cannot be had.
pub fn for_benching() -> Result<()> {
    let mut packages = missing(&[NODE, NPM]);
    packages.extend(postgresql());
    install(&packages)
}

/// All that the tests need, whatever database the caller has.
pub fn for_testing() -> Result<()> {
    let mut packages = missing(&[WASM_OPT, NODE, NPM, MAIL]);
    packages.extend(postgresql());
    packages.extend(python_environments());
    if env::var_os("CHROMIUM").is_none() {
        packages.extend(missing(&[CHROMIUM]));
    }
    install(&packages)?;
    node_is_new()
}

/// An older one is not what Playwright takes.
fn node_is_new() -> Result<()> {
    let mut node = shell::program("node");
    node.arg("--version");
    let version = shell::output(node)?;
    let major =
        version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST_NODE) {
        bail!("the browser test needs Node.js {OLDEST_NODE} or newer, and this is {}", version.trim());
    }
    Ok(())
}

fn missing(wanted: &[(&'static str, &str)]) -> Vec<&'static str> {
    wanted.iter().filter(|(_, program)| !shell::has(program)).map(|(package, _)| *package).collect()
}

/// The package, unless the server's programs are there. Debian keeps them off the `PATH`.
fn postgresql() -> Option<&'static str> {
    let installed = Path::new("/usr/lib/postgresql")
        .read_dir()
        .is_ok_and(|versions| versions.flatten().any(|version| version.path().join("bin/initdb").is_file()));
    (!installed && !shell::has("initdb")).then_some("postgresql")
}

/// The package, unless Python can make a folder for the packages of one tool. Debian keeps that apart.
fn python_environments() -> Option<&'static str> {
    let mut python = shell::program("python3");
    python.args(["-c", "import ensurepip, venv"]);
    (!shell::succeeds(python)).then_some("python3-venv")
}

fn install(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    shell::say(&format!("Installing {} with apt-get", packages.join(", ")));
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(packages);
    if !shell::has("apt-get") {
        bail!("this machine has no apt-get: install {} by its own means", packages.join(", "));
    }
    let by_hand = || format!("install what is missing by hand: sudo apt-get {}", install.join(" "));
    if rustix::process::getuid().is_root() || shell::has("sudo") {
        install_or_update_first(&install, packages).with_context(by_hand)
    } else {
        bail!("neither root nor sudo: {}", by_hand())
    }
}

/// The lists of packages are fetched only when there are none, or when they turn out to be old.
fn install_or_update_first(install: &[&str], packages: &[&str]) -> Result<()> {
    let known = |package: &&str| {
        let mut show = shell::program("apt-cache");
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
    let mut command = shell::program(if root { "env" } else { "sudo" });
    if !root {
        command.arg("env");
    }
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(args);
    shell::run(command)
}
