//! Builds the client into `dist/`: its two programs, a folder for each.

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

/// A program of the client.
#[derive(Clone, Copy)]
pub struct Program {
    pub name: &'static str,
    page: &'static str,
}

/// The chat, and the pages of one's account.
pub const PROGRAMS: [Program; 2] =
    [Program { name: "chat", page: "index.html" }, Program { name: "account", page: "account.html" }];

impl Program {
    fn source(self) -> PathBuf {
        project::root().join("frontend").join(self.page)
    }
}

/// For everyone: small, and compressed beside.
pub fn build() -> Result<()> {
    fs::create_dir_all(project::dist())?;
    pages()?;
    let stamp = project::target()?.join("client.stamp");
    if fs::read_to_string(&stamp).is_ok_and(|built| now().is_ok_and(|now| now == built)) {
        return Ok(());
    }
    shell::say("Building the client");
    sweep()?;
    for program in PROGRAMS {
        let mut trunk = trunk("build", program);
        trunk.arg("--release");
        shell::run(trunk)?;
    }
    compress::all(&project::dist())?;
    fs::write(&stamp, now()?).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Nothing but the programs is embedded.
fn sweep() -> Result<()> {
    for entry in fs::read_dir(project::dist())? {
        let entry = entry?;
        if !PROGRAMS.iter().any(|program| entry.file_name() == program.name) {
            let path = entry.path();
            if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
        }
    }
    Ok(())
}

/// The page of the account is that of the chat, but for the program that it loads.
pub fn pages() -> Result<()> {
    let [chat, account] = PROGRAMS.map(Program::source);
    let page = fs::read_to_string(&chat).with_context(|| format!("cannot read {}", chat.display()))?;
    let page = page.replace(r#"data-bin="chat""#, r#"data-bin="account""#);
    if fs::read_to_string(&account).is_ok_and(|there| there == page) {
        return Ok(());
    }
    fs::write(&account, page).with_context(|| format!("cannot write {}", account.display()))
}

/// Trunk has all its tools here, but Cargo may have to fetch something. `NO_COLOR` it takes for an option of its own,
/// which is `true` or `false`.
pub fn trunk(verb: &str, program: Program) -> std::process::Command {
    let mut trunk = shell::program("trunk");
    trunk.args([verb, "--offline=false"]);
    trunk.arg("--dist").arg(project::dist().join(program.name)).arg(program.source());
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
