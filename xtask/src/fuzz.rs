//! `cargo xtask fuzz`: runs every target of `fuzz/fuzz_targets` for a while.

use std::fs;

use anyhow::{Context, Result};

use crate::{project, shell, steps, tools};

/// Seconds per target.
const DURATION: u32 = 120;
/// Seconds per input; slower ones count as failures. They take milliseconds, but wait for a core on a busy machine.
const INPUT_TIMEOUT: u32 = 10;
/// Bytes per input: a message of four thousand characters.
const INPUT_MAX: u32 = 4_096;

pub fn run() -> Result<()> {
    steps::run_all(tools::fuzz_steps())?;
    for program in project::list_files(&project::root().join("fuzz/fuzz_targets"))? {
        let name = program.file_stem().context("a fuzz target without a name")?;
        fuzz(&name.to_string_lossy())?;
    }
    Ok(())
}

/// Inputs that reach new code are kept in `target`, where the next run starts from.
fn fuzz(target: &str) -> Result<()> {
    let folder = shell::target_dir()?.join("fuzz");
    let found = folder.join("found").join(target);
    fs::create_dir_all(&found).with_context(|| format!("cannot create {}", found.display()))?;
    let corpus = project::root().join("fuzz/corpus").join(target);
    let mut command = shell::cargo(["+nightly", "fuzz", "run", "--features", "search", "--target-dir"]);
    command.arg(&folder).arg(target).arg(&found).arg(corpus).arg("--");
    command.arg(format!("-max_total_time={DURATION}")).arg(format!("-timeout={INPUT_TIMEOUT}"));
    command.arg(format!("-max_len={INPUT_MAX}")).arg("-print_final_stats=1");
    command.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    shell::print_step(&shell::display(&command));
    shell::run(command)
}
