//! `cargo xtask bench`: builds the servers and the load generator, and runs it.

use anyhow::Result;

use crate::{
    client, packages,
    project::BuildMode,
    server, shell,
    steps::{self, Step},
    tools,
};

/// All scenarios, or those that `args` name.
pub fn run(args: &[&str]) -> Result<()> {
    let mut steps: Vec<_> = packages::bench_step().into_iter().collect();
    steps.extend(tools::build_steps()?);
    steps.extend(client::build_steps(BuildMode::Release)?);
    steps.push(Step::new("build the server, the load generator and the other servers", || {
        // In one call: each package alone would compile the server with its own set of features, and so twice.
        shell::run(shell::cargo(["build", "--release", "--package", "backend", "--package", "bench"]))
    }));
    steps::run_all(steps)?;
    let mut bench = shell::command(server::binary(BuildMode::Release)?.with_file_name("bench"));
    bench.args(args);
    shell::run(bench)
}
