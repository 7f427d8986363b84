//! Checks dependencies by deny.toml: licences, sources, banned crates and known vulnerabilities.

use std::process::Command;

use anyhow::Result;

use crate::shell;

/// The advisory database is on the network. Where it cannot be fetched, the output says so and the rest is checked.
pub fn run() -> Result<()> {
    let mut checks = vec!["check", "licenses", "bans", "sources"];
    if shell::succeeds(cargo_deny(&["fetch", "db"])) {
        checks.push("advisories");
    } else {
        shell::print_step(
            "Cannot fetch the advisory database: the check for known vulnerabilities is SKIPPED",
        );
    }
    let check = cargo_deny(&checks);
    shell::print_step(&shell::display(&check));
    shell::run(check)
}

fn cargo_deny(args: &[&str]) -> Command {
    let mut command = shell::command("cargo-deny");
    command.args(args);
    command
}
