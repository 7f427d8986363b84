//! Builds what is compared, and compares it.

use anyhow::Result;

use crate::{client, packages, server, shell, tools};

/// Everything, or the scenarios that `args` name.
pub fn run(args: &[&str]) -> Result<()> {
    packages::for_benching()?;
    tools::for_building()?;
    client::build()?;
    shell::say("Building the server, the load and the contestants");
    // In one go: each alone would have the server compiled with its own choice of features, and so twice.
    shell::run(shell::cargo(["build", "--release", "--package", "backend", "--package", "bench"]))?;
    let mut bench = shell::program(server::binary()?.with_file_name("bench"));
    bench.args(args);
    shell::run(bench)
}
