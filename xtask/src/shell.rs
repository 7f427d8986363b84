//! Runs programs, and says so.

use std::{
    env,
    ffi::OsStr,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::project;

/// Announces a step.
pub fn say(what: &str) {
    println!("\n▸ {what}");
}

/// A program, run in the project's folder and with the project's own tools first.
pub fn program(name: impl AsRef<OsStr>) -> Command {
    let mut folders = vec![tools_folder().join("bin")];
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let mut command = Command::new(name);
    command.current_dir(project::root());
    if let Ok(path) = env::join_paths(folders) {
        command.env("PATH", path);
    }
    command
}

pub fn tools_folder() -> PathBuf {
    project::root().join("target/tools")
}

pub fn cargo<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = program("cargo");
    command.args(args);
    command
}

/// Runs it before the eyes of the caller.
pub fn run(mut command: Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", words(&command)))?;
    if !status.success() {
        bail!("{} failed ({status})", words(&command));
    }
    Ok(())
}

/// What it prints.
pub fn output(mut command: Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", words(&command)))?;
    if !output.status.success() {
        bail!("{} failed ({})", words(&command), output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether it runs and succeeds; nobody sees it.
pub fn succeeds(mut command: Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// Whether a program of this name can be run.
pub fn has(name: &str) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders).any(|folder| folder.join(name).is_file())
}

/// The command as one would type it.
pub fn words(command: &Command) -> String {
    let parts = std::iter::once(command.get_program()).chain(command.get_args());
    parts.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command() {
        let mut command = program("sh");
        command.args(["-c", "exit 3"]);
        let error = run(command).unwrap_err().to_string();
        assert!(error.starts_with("sh -c exit 3 failed") && error.contains('3'), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_is_not_had() {
        assert!(has("sh") && !has("no-such-program"));
        assert!(!succeeds(program("no-such-program")));
    }
}
