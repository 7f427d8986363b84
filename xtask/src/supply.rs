//! What comes from others: licences, sources, what is kept out, and known weaknesses.

use std::process::Command;

use anyhow::Result;

use crate::shell;

/// By deny.toml. Known weaknesses are in a database on the network; where it cannot be had the rest is checked, and that
/// is said.
pub fn check() -> Result<()> {
    let mut checks = vec!["check", "licenses", "bans", "sources"];
    if shell::succeeds(deny(&["fetch", "db"])) {
        checks.push("advisories");
    } else {
        shell::say("The database of advisories cannot be had: known weaknesses are NOT looked up");
    }
    let check = deny(&checks);
    shell::say(&shell::words(&check));
    shell::run(check)
}

fn deny(args: &[&str]) -> Command {
    let mut deny = shell::program("cargo-deny");
    deny.args(args);
    deny
}
