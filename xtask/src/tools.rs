//! Installs tools with rustup, Cargo and pip.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use crate::{
    packages,
    project::{self, BuildMode},
    shell,
    steps::Step,
};

const CARGO_DENY: &str = "0.20.2";
const CARGO_FUZZ: &str = "0.13.2";
/// An S3 server over a folder, for the tests.
const S3_SERVER: &str = "0.14.1";
const TRUNK: &str = "0.21.14";
const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Builds a tool in minutes instead of a quarter of an hour; the tools themselves run for seconds only.
const FAST_BUILD: [(&str, &str); 5] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
    ("CARGO_PROFILE_RELEASE_INCREMENTAL", "false"),
];

/// For a release build of client and server.
pub fn build_steps() -> Result<Vec<Step>> {
    let mut steps: Vec<_> = packages::build_step().into_iter().collect();
    steps.extend(trunk_step());
    steps.extend(std_source_step()?);
    steps.extend(client_steps()?);
    Ok(steps)
}

/// For `cargo xtask run`, which does without Trunk and wasm-opt.
pub fn run_steps() -> Result<Vec<Step>> {
    let mut steps: Vec<_> = packages::database_step().into_iter().collect();
    steps.extend(client_steps()?);
    Ok(steps)
}

/// For `cargo xtask run --dev`.
pub fn dev_steps() -> Result<Vec<Step>> {
    let mut steps: Vec<_> = trunk_step().into_iter().collect();
    steps.extend(run_steps()?);
    Ok(steps)
}

fn trunk_step() -> Option<Step> {
    install_step("trunk", TRUNK, "").map(|step| step.estimate("5 min").in_background())
}

pub fn test_steps() -> Result<Vec<Step>> {
    let mut steps: Vec<_> = packages::test_step().into_iter().collect();
    for (subcommand, args) in
        [("fmt", &["component", "add", "rustfmt"]), ("clippy", &["component", "add", "clippy"])]
    {
        if !shell::succeeds(shell::cargo([subcommand, "--version"])) {
            steps.push(rustup_step(args));
        }
    }
    steps.extend(build_steps()?);
    steps.extend(install_step("cargo-deny", CARGO_DENY, ""));
    steps.extend(install_step("s3s-fs", S3_SERVER, "binary").map(Step::in_background));
    steps.extend(schemathesis_step());
    Ok(steps)
}

pub fn fuzz_steps() -> Vec<Step> {
    let mut steps: Vec<_> = packages::build_step().into_iter().collect();
    // Sanitizers need a nightly toolchain.
    if !shell::succeeds(shell::cargo(["+nightly", "--version"])) {
        steps.push(rustup_step(&["toolchain", "install", "nightly", "--profile", "minimal"]));
    }
    steps.extend(install_step("cargo-fuzz", CARGO_FUZZ, ""));
    steps
}

/// The program that generates requests from the API document.
pub fn schemathesis() -> PathBuf {
    shell::tools_dir().join("schemathesis/bin/schemathesis")
}

/// Reinstalls when the requirements change.
fn schemathesis_step() -> Option<Step> {
    let wanted = project::root().join("conformance/requirements.txt");
    let folder = shell::tools_dir().join("schemathesis");
    let installed = folder.join("requirements.txt");
    if fs::read(&installed).is_ok_and(|installed| fs::read(&wanted).is_ok_and(|wanted| installed == wanted)) {
        return None;
    }
    Some(Step::new("install Schemathesis into target/tools", move || {
        let mut venv = shell::command("python3");
        venv.args(["-m", "venv", "--clear"]).arg(&folder);
        shell::run(venv)?;
        let mut pip = shell::command(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&wanted);
        shell::run(pip)?;
        // Last, so that an interrupted installation is repeated.
        fs::copy(wanted, installed)?;
        Ok(())
    }))
}

/// The source of the standard library, which a release of the client is compiled with.
fn std_source_step() -> Result<Option<Step>> {
    let mut rustc = shell::command("rustc");
    rustc.args(["--print", "sysroot"]);
    let sysroot = shell::output(rustc)?;
    let is_installed = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/Cargo.lock").is_file();
    Ok((!is_installed).then(|| rustup_step(&["component", "add", "rust-src"])))
}

/// The compilation target of the client, and wasm-bindgen.
fn client_steps() -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rustc = shell::command("rustc");
    rustc.args(["--print", "target-libdir", "--target", WASM_TARGET]);
    if !Path::new(shell::output(rustc)?.trim()).is_dir() {
        steps.push(rustup_step(&["target", "add", WASM_TARGET]));
    }
    steps.extend(wasm_bindgen_step()?);
    Ok(steps)
}

fn rustup_step(args: &'static [&'static str]) -> Step {
    Step::new(format!("rustup {}", args.join(" ")), move || {
        let mut rustup = shell::command("rustup");
        rustup.args(args);
        shell::run(rustup).context("Rust must be installed by rustup, https://rustup.rs")
    })
}

/// The step that installs a package of crates.io, unless the first program of that name on `PATH` has the version.
fn install_step(package: &'static str, version: &'static str, features: &'static str) -> Option<Step> {
    let title = format!("install {package} {version} into target/tools");
    (!has_version(package, version)).then(|| Step::new(title, move || install(package, version, features)))
}

fn has_version(program: &str, version: &str) -> bool {
    let mut command = shell::command(program);
    command.arg("--version").stderr(std::process::Stdio::null());
    shell::output(command).is_ok_and(|output| output.split_whitespace().any(|word| word == version))
}

fn install(package: &str, version: &str, features: &str) -> Result<()> {
    let folder = shell::tools_dir();
    let build = folder.join("build").join(package);
    let command = |locked: &[&str]| {
        let mut command = shell::cargo(["install", package, "--version", &format!("={version}")]);
        command.args(locked).args(["--no-default-features", "--features", features]).envs(FAST_BUILD);
        // Another Cargo may show its progress at the same time.
        command.env("CARGO_TERM_PROGRESS_WHEN", "never");
        command.arg("--root").arg(&folder).arg("--target-dir").arg(&build);
        command
    };
    // A mirror of the registry may lack a version that the lock file names.
    shell::run(command(&["--locked"])).or_else(|error| {
        shell::print_step(&format!("{error:#}; trying again with the newest dependencies"));
        shell::run(command(&[]))
    })?;
    fs::remove_dir_all(&build).with_context(|| format!("cannot remove {}", build.display()))
}

/// Builds the workspace's own `wasm-bindgen`, which Cargo.lock keeps at the version of the library.
fn wasm_bindgen_step() -> Result<Option<Step>> {
    let lock = fs::read_to_string(project::root().join("Cargo.lock"))?;
    let version = locked_version(&lock, "wasm-bindgen").context("Cargo.lock has no wasm-bindgen")?;
    // The program is ours: its options may change while the version stays.
    let source = project::list_files(&project::root().join("xtask/wasm-bindgen"))?;
    let source = source.iter().map(fs::read).collect::<std::io::Result<Vec<_>>>()?;
    let (stamp, current) =
        (shell::tools_dir().join("wasm-bindgen.stamp"), format!("{:016x}\n", project::fingerprint(source)));
    let is_current = fs::read_to_string(&stamp).is_ok_and(|built| built == current);
    if is_current && has_version("wasm-bindgen", &version) {
        return Ok(None);
    }
    let title = format!("build wasm-bindgen {version} into target/tools");
    let build = move || {
        let profile = BuildMode::Quick.profile();
        shell::run(shell::cargo(["build", "--profile", profile, "--package", "wasm-bindgen-program"]))?;
        let folder = shell::tools_dir().join("bin");
        fs::create_dir_all(&folder)?;
        let built = shell::target_dir()?.join(profile).join("wasm-bindgen-program");
        fs::copy(&built, folder.join("wasm-bindgen"))
            .with_context(|| format!("cannot copy {}", built.display()))?;
        ensure!(has_version("wasm-bindgen", &version), "the built wasm-bindgen is not of version {version}");
        fs::write(stamp, current)?;
        Ok(())
    };
    Ok(Some(Step::new(title, build).estimate("1 min")))
}

fn locked_version(lock: &str, package: &str) -> Option<String> {
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    rest.split_once('"').map(|(version, _)| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locked_version_is_of_the_named_package() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"9.9.9\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(locked_version(lock, "trunk"), None);
    }
}
