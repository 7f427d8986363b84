//! What comes from rustup and crates.io.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{packages, project, shell};

const CARGO_DENY: &str = "0.20.2";
const CARGO_FUZZ: &str = "0.13.2";
const TRUNK: &str = "0.21.14";
const WASM: &str = "wasm32-unknown-unknown";

/// Settings under which a tool that runs for a moment is built in minutes instead of a quarter of an hour.
const FAST: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];

pub fn for_building() -> Result<()> {
    packages::for_building()?;
    wasm_target()?;
    client_tools()
}

pub fn for_running() -> Result<()> {
    packages::for_running()?;
    for_building()
}

pub fn for_testing() -> Result<()> {
    packages::for_testing()?;
    for (component, probe) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if !shell::succeeds(shell::cargo([probe, "--version"])) {
            rustup(&["component", "add", component])?;
        }
    }
    for_building()?;
    install_missing(&[("cargo-deny", "cargo-deny", CARGO_DENY, &[])])?;
    install_schemathesis()
}

pub fn for_fuzzing() -> Result<()> {
    // The sanitizers are not stable.
    if !shell::succeeds(shell::cargo(["+nightly", "--version"])) {
        rustup(&["toolchain", "install", "nightly", "--profile", "minimal"])?;
    }
    packages::for_building()?;
    install_missing(&[("cargo-fuzz", "cargo-fuzz", CARGO_FUZZ, &[])])
}

/// Makes requests up from an API document.
pub fn schemathesis() -> PathBuf {
    shell::tools_folder().join("schemathesis/bin/schemathesis")
}

/// Anew only when another version is wanted.
fn install_schemathesis() -> Result<()> {
    let wanted = project::root().join("conformance/requirements.txt");
    let folder = shell::tools_folder().join("schemathesis");
    let installed = folder.join("requirements.txt");
    if fs::read(&installed).is_ok_and(|installed| fs::read(&wanted).is_ok_and(|wanted| installed == wanted)) {
        return Ok(());
    }
    shell::say("Installing Schemathesis into target/tools");
    let mut venv = shell::program("python3");
    venv.args(["-m", "venv", "--clear"]).arg(&folder);
    shell::run(venv)?;
    let mut pip = shell::program(folder.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&wanted);
    shell::run(pip)?;
    // Last, so that what was broken off is begun again.
    fs::copy(wanted, installed)?;
    Ok(())
}

fn wasm_target() -> Result<()> {
    let mut rustc = shell::program("rustc");
    rustc.args(["--print", "target-libdir", "--target", WASM]);
    let libraries = shell::output(rustc)?;
    if Path::new(libraries.trim()).is_dir() {
        return Ok(());
    }
    rustup(&["target", "add", WASM])
}

fn rustup(args: &[&str]) -> Result<()> {
    let mut rustup = shell::program("rustup");
    rustup.args(args);
    shell::say(&shell::words(&rustup));
    shell::run(rustup).context("Rust is expected to be installed by rustup, https://rustup.rs")
}

fn client_tools() -> Result<()> {
    let bindgen = wasm_bindgen_version()?;
    install_missing(&[
        ("trunk", "trunk", TRUNK, &["--features", "rustls"]),
        ("wasm-bindgen-cli", "wasm-bindgen", &bindgen, &["--bin", "wasm-bindgen"]),
    ])
}

/// A package of crates.io, the program in it, its version, and how it is built.
type Wanted<'a> = (&'a str, &'a str, &'a str, &'a [&'a str]);

fn install_missing(wanted: &[Wanted<'_>]) -> Result<()> {
    for (package, name, version, options) in wanted {
        if !fits(name, version) {
            install(package, version, options)?;
        }
    }
    let leftovers = shell::tools_folder().join("build");
    if leftovers.exists() {
        fs::remove_dir_all(leftovers)?;
    }
    Ok(())
}

/// Whether the first on the `PATH` is of this version.
fn fits(name: &str, version: &str) -> bool {
    let mut tool = shell::program(name);
    tool.arg("--version").stderr(std::process::Stdio::null());
    shell::output(tool).is_ok_and(|said| said.split_whitespace().any(|word| word == version))
}

fn install(package: &str, version: &str, options: &[&str]) -> Result<()> {
    shell::say(&format!("Installing {package} {version} into target/tools: a few minutes, once"));
    let command = |locked: &[&str]| {
        let folder = shell::tools_folder();
        let mut command = shell::cargo(["install", package, "--version", &format!("={version}")]);
        command.args(locked).arg("--no-default-features").args(options).envs(FAST);
        command.arg("--root").arg(&folder).arg("--target-dir").arg(folder.join("build"));
        command
    };
    // A mirror of the registry may not have all that a lock file names.
    shell::run(command(&["--locked"])).or_else(|error| {
        shell::say(&format!("{error:#}; trying with the newest dependencies there are"));
        shell::run(command(&[]))
    })
}

/// The command and the library must be of one version.
fn wasm_bindgen_version() -> Result<String> {
    let lock = fs::read_to_string(project::root().join("Cargo.lock"))?;
    locked_version(&lock, "wasm-bindgen").context("Cargo.lock names no wasm-bindgen")
}

fn locked_version(lock: &str, package: &str) -> Option<String> {
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    rest.split_once('"').map(|(version, _)| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_very_package() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"9.9.9\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(locked_version(lock, "trunk"), None);
    }
}
