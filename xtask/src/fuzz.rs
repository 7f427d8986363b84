//! Searches for input that breaks what must hold of it.

use std::fs;

use anyhow::{Context, Result};

use crate::{project, shell, tools};

/// The places where input comes in: the programs of `fuzz/fuzz_targets`.
const PLACES: [&str; 4] = ["frames", "envelope", "markdown", "addresses"];

/// Seconds for each.
const SEARCH: u32 = 120;
/// Seconds for one input. What takes longer is found to be wrong: milliseconds would be long.
const PATIENCE: u32 = 1;
/// Bytes of one input: a message of four thousand characters.
const LONGEST: u32 = 4_096;

pub fn run() -> Result<()> {
    tools::for_fuzzing()?;
    for place in PLACES {
        search(place)?;
    }
    Ok(())
}

/// What it meets on its way stays in `target`, so that the next search goes on from there.
fn search(place: &str) -> Result<()> {
    let folder = project::target()?.join("fuzz");
    let met = folder.join("met").join(place);
    fs::create_dir_all(&met).with_context(|| format!("cannot make {}", met.display()))?;
    let corpus = project::root().join("fuzz/corpus").join(place);
    let mut search = shell::cargo(["+nightly", "fuzz", "run", "--features", "search", "--target-dir"]);
    search.arg(&folder).arg(place).arg(&met).arg(corpus).arg("--");
    search.arg(format!("-max_total_time={SEARCH}")).arg(format!("-timeout={PATIENCE}"));
    search.arg(format!("-max_len={LONGEST}")).arg("-print_final_stats=1");
    search.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    shell::say(&shell::words(&search));
    shell::run(search)
}
