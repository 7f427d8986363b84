//! Builds what is compared, and compares it.

use anyhow::Result;

use crate::{client, packages, project, server, shell, tools};

/// Everything, or the scenarios that `args` name.
pub fn run(args: &[&str]) -> Result<()> {
    packages::for_benching()?;
    if !project::dist().join("index.html").is_file() {
        tools::for_building()?;
        client::build()?;
    }
    server::build()?;
    shell::say("Building the load and the contestants");
    shell::run(shell::cargo(["build", "--release", "--package", "bench"]))?;
    let mut bench = shell::program(project::target()?.join("release/bench"));
    bench.args(args);
    shell::run(bench)
}
