//! Runs external programs.

use std::{
    env,
    ffi::OsStr,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::project;

pub fn print_step(text: &str) {
    println!("\n▸ {text}");
}

/// A command that runs in the project's folder, with `target/tools/bin` first on `PATH`.
pub fn command(name: impl AsRef<OsStr>) -> Command {
    let mut paths = vec![tools_dir().join("bin")];
    paths.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let mut command = Command::new(name);
    command.current_dir(project::root());
    if let Ok(path) = env::join_paths(paths) {
        command.env("PATH", path);
    }
    command
}

pub fn tools_dir() -> PathBuf {
    project::root().join("target/tools")
}

pub fn cargo<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = command("cargo");
    command.args(args);
    command
}

/// `target/`, unless Cargo is configured otherwise.
pub fn target_dir() -> Result<PathBuf> {
    let metadata = output(cargo(["metadata", "--no-deps", "--format-version", "1"]))?;
    let (_, rest) =
        metadata.split_once(r#""target_directory":""#).context("cargo metadata has no target_directory")?;
    let (target, _) = rest.split_once('"').context("cargo metadata has no target_directory")?;
    Ok(target.into())
}

/// Runs the command with its output visible; fails if it does.
pub fn run(mut command: Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", display(&command)))?;
    if !status.success() {
        bail!("{} failed ({status})", display(&command));
    }
    Ok(())
}

/// Returns the standard output.
pub fn output(mut command: Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", display(&command)))?;
    if !output.status.success() {
        bail!("{} failed ({})", display(&command), output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether the command runs and succeeds; its output is discarded.
pub fn succeeds(mut command: Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// Whether `PATH` has a program of this name.
pub fn is_installed(name: &str) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders).any(|folder| folder.join(name).is_file())
}

/// The command as typed in a shell.
pub fn display(command: &Command) -> String {
    let parts = std::iter::once(command.get_program()).chain(command.get_args());
    parts.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_names_the_command() {
        let mut command = command("sh");
        command.args(["-c", "exit 3"]);
        let error = run(command).unwrap_err().to_string();
        assert!(error.starts_with("sh -c exit 3 failed") && error.contains('3'), "{error}");
    }

    #[test]
    fn missing_program_is_not_installed() {
        assert!(is_installed("sh") && !is_installed("no-such-program"));
        assert!(!succeeds(command("no-such-program")));
    }
}
