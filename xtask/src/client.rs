//! Builds the client into `dist/`: two programs, a folder for each.

mod quick_bundle;
mod release_bundle;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    project::{self, BuildMode},
    shell,
    steps::Step,
};

/// Everything that the built client depends on.
const INPUTS: [&str; 12] = [
    "frontend",
    "shared",
    "crates",
    "Cargo.toml",
    "Cargo.lock",
    "Trunk.toml",
    "rust-toolchain.toml",
    ".cargo/config.toml",
    "xtask/src/client.rs",
    "xtask/src/client",
    "xtask/client-tools",
    "xtask/wasm-bindgen",
];

#[derive(Clone, Copy)]
pub struct ClientProgram {
    pub name: &'static str,
    page: &'static str,
}

pub const PROGRAMS: [ClientProgram; 2] = [
    ClientProgram { name: "chat", page: "index.html" },
    ClientProgram { name: "account", page: "account.html" },
];

const RELEASE_PROFILE: &str = "wasm-release";

/// Compiles the standard library with a release, without the messages of panics and the texts of `Debug`, which a page does not
/// show. Not stable yet, so that another version of the toolchain may need other options.
const BUILD_STD: [&str; 4] = [
    "-Zbuild-std=std,panic_abort",
    "-Zbuild-std-features=optimize_for_size",
    "--config",
    r#"target.wasm32-unknown-unknown.rustflags=["-Zunstable-options", "-Cpanic=immediate-abort", "-Zfmt-debug=none"]"#,
];

/// Trunk's options for a debug build.
pub const DEBUG_PROFILE: [&str; 2] = ["--cargo-profile", "wasm-dev"];

impl ClientProgram {
    pub fn source(self) -> PathBuf {
        project::root().join("frontend").join(self.page)
    }
}

/// The steps that build the client, unless `dist/` already has it in this mode.
pub fn build_steps(mode: BuildMode) -> Result<Vec<Step>> {
    fs::create_dir_all(project::dist_dir())?;
    write_account_page()?;
    let stamp = shell::target_dir()?.join("client.stamp");
    if fs::read_to_string(&stamp).is_ok_and(|built| stamp_text(mode).is_ok_and(|current| current == built)) {
        return Ok(Vec::new());
    }
    Ok(vec![
        Step::new("compile the client", move || compile(mode)).estimate("3 min"),
        Step::new("bundle the client", move || bundle(mode, &stamp)).after_background(),
    ])
}

/// Compiles both programs at once, so that they are linked at the same time.
fn compile(mode: BuildMode) -> Result<()> {
    let mut cargo =
        shell::cargo(["build", "--target=wasm32-unknown-unknown", "--package=frontend", "--bins"]);
    match mode {
        BuildMode::Quick => cargo.args(["--profile", mode.profile()]),
        BuildMode::Release => {
            cargo.args(["--profile", RELEASE_PROFILE, "--features", "split"]);
            cargo.args(BUILD_STD).env("RUSTC_BOOTSTRAP", "1")
        }
    };
    shell::run(cargo)
}

fn bundle(mode: BuildMode, stamp: &Path) -> Result<()> {
    remove_other_files()?;
    match mode {
        BuildMode::Quick => PROGRAMS.into_iter().try_for_each(quick_bundle::bundle)?,
        BuildMode::Release => {
            PROGRAMS.into_iter().try_for_each(release_bundle::bundle)?;
            let mut compress = client_tools("compress");
            compress.arg(project::dist_dir());
            shell::run(compress)?;
        }
    }
    fs::write(stamp, stamp_text(mode)?).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Whether wasm-bindgen and Trunk take the debug build of `cargo xtask run --dev`, outside of `dist/`.
pub fn check_debug_build() -> Result<()> {
    shell::print_step("Building the client as `cargo xtask run --dev` does");
    write_account_page()?;
    let dist = shell::target_dir()?.join("client/debug");
    for program in PROGRAMS {
        fs::create_dir_all(dist.join(program.name))?;
        let mut trunk = trunk_command("build", &program.source(), &dist.join(program.name));
        trunk.args(DEBUG_PROFILE);
        shell::run(trunk)?;
    }
    Ok(())
}

/// The program in `xtask/client-tools`.
fn client_tools(verb: &str) -> Command {
    let mut tools = shell::cargo(["run", "--quiet", "--package", "client-tools", "--"]);
    tools.arg(verb);
    tools
}

/// The server embeds everything in `dist/`.
fn remove_other_files() -> Result<()> {
    for entry in fs::read_dir(project::dist_dir())? {
        let entry = entry?;
        if !PROGRAMS.iter().any(|program| entry.file_name() == program.name) {
            let path = entry.path();
            if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
        }
    }
    Ok(())
}

/// Makes `account.html` from `index.html`: only the program that it loads differs.
pub fn write_account_page() -> Result<()> {
    let [chat, account] = PROGRAMS.map(ClientProgram::source);
    let page = fs::read_to_string(&chat).with_context(|| format!("cannot read {}", chat.display()))?;
    let page = page.replace(r#"data-bin="chat""#, r#"data-bin="account""#);
    if fs::read_to_string(&account).is_ok_and(|current| current == page) {
        return Ok(());
    }
    fs::write(&account, page).with_context(|| format!("cannot write {}", account.display()))
}

/// Trunk finds its tools on `PATH`, but Cargo may have to download crates. Trunk reads `NO_COLOR` as an option of its own
/// with the values `true` and `false`.
pub fn trunk_command(verb: &str, page: &Path, dist: &Path) -> Command {
    let mut trunk = shell::command("trunk");
    trunk.args([verb, "--offline=false"]);
    trunk.arg("--dist").arg(dist).arg(page);
    if env::var_os("NO_COLOR").is_some() {
        trunk.env("NO_COLOR", "true");
    }
    trunk
}

/// Fingerprints of the inputs and of the built files, so that builds by other means are noticed.
fn stamp_text(mode: BuildMode) -> Result<String> {
    let mut paths = Vec::new();
    for input in INPUTS.map(|input| project::root().join(input)).iter().filter(|input| input.exists()) {
        paths.extend(project::list_files(input)?);
    }
    let inputs = fingerprint_files(&paths)?;
    let outputs = fingerprint_files(&project::list_files(&project::dist_dir())?)?;
    Ok(format!("{} {inputs:016x} {outputs:016x}\n", mode.profile()))
}

fn fingerprint_files(paths: &[PathBuf]) -> Result<u64> {
    let parts = paths.iter().map(|path| {
        let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok([project::relative(path).as_bytes(), &[0], &content, &[0]].concat())
    });
    Ok(project::fingerprint(parts.collect::<Result<Vec<_>>>()?))
}
