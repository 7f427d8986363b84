//! Builds the client into `dist/`.

use std::{env, fs, path::PathBuf};

use anyhow::{Context, Result};

use crate::{compress, project, shell};

/// All that the built client depends on.
const INPUTS: [&str; 9] = [
    "frontend",
    "shared",
    "Cargo.toml",
    "Cargo.lock",
    "Trunk.toml",
    "rust-toolchain.toml",
    ".cargo/config.toml",
    "xtask/src/client.rs",
    "xtask/src/compress.rs",
];

/// For everyone: small, and compressed beside.
pub fn build() -> Result<()> {
    let stamp = project::target()?.join("client.stamp");
    if fs::read_to_string(&stamp).is_ok_and(|built| now().is_ok_and(|now| now == built)) {
        return Ok(());
    }
    shell::say("Building the client");
    let mut trunk = trunk("build");
    trunk.arg("--release");
    shell::run(trunk)?;
    compress::all(&project::dist())?;
    fs::write(&stamp, now()?).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Trunk has all its tools here, but Cargo may have to fetch something. `NO_COLOR` it takes for an option of its own,
/// which is `true` or `false`.
pub fn trunk(verb: &str) -> std::process::Command {
    let mut trunk = shell::program("trunk");
    trunk.args([verb, "--offline=false"]);
    if env::var_os("NO_COLOR").is_some() {
        trunk.env("NO_COLOR", "true");
    }
    trunk
}

/// What the client was built from, and what came out of it: a build by other means is noticed too.
fn now() -> Result<String> {
    let mut paths = Vec::new();
    for input in INPUTS {
        paths.extend(project::files(&project::root().join(input))?);
    }
    let inputs = fingerprint(&paths)?;
    let outputs = fingerprint(&project::files(&project::dist())?)?;
    Ok(format!("{inputs:016x} {outputs:016x}\n"))
}

fn fingerprint(paths: &[PathBuf]) -> Result<u64> {
    let parts = paths.iter().map(|path| {
        let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok([project::short(path).as_bytes(), &[0], &content, &[0]].concat())
    });
    Ok(project::fingerprint(parts.collect::<Result<Vec<_>>>()?))
}
