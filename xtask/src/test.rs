//! Everything that must hold, in the order in which it is quickest to be told that it does not.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{
    client, conformance,
    logs::{self, Logs},
    project, server, shell, size, supply, tidy, tools,
};

pub fn run() -> Result<()> {
    shell::say("Looking for what the tests need");
    tools::for_testing()?;
    // The server embeds it, be it empty.
    fs::create_dir_all(project::dist())?;
    look()?;
    let (mut tally, logs) = (Tally::default(), Logs::begin()?);
    tested(&mut tally, logs.of(shell::cargo(["test", "--workspace"])))?;
    client::build()?;
    let weight = size::of_client()?;
    print!("{weight}");
    weight.check()?;
    server::build()?;
    install_packages_of_the_browser_test()?;
    tested(&mut tally, logs.of(browser_test()?))?;
    conformance::check(logs.folder())?;
    logs.hold_no_secrets(&[logs::HANDLERS, logs::SERVERS, logs::BROWSERS, logs::CONFORMANCE])?;
    tally.say();
    Ok(())
}

/// What takes minutes: the program as it is shipped, while everything around it breaks.
pub fn faults() -> Result<()> {
    tools::for_running()?;
    client::build()?;
    server::build()?;
    let (mut tally, logs) = (Tally::default(), Logs::begin()?);
    tested(&mut tally, many_histories(["--package", "shared", "--lib"]))?;
    tested(&mut tally, logs.of(many_histories(["--package", "backend", "--test=api"])))?;
    let mut faults = shell::cargo(["test", "--package", "backend", "--test=faults", "--"]);
    // One after the other: they measure, and a machine is theirs alone.
    faults.args(["--include-ignored", "--nocapture", "--test-threads=1"]);
    faults.env("CHATIRE_BINARY", server::binary()?);
    tested(&mut tally, logs.of(faults))?;
    logs.hold_no_secrets(&[logs::HANDLERS, logs::SERVERS])?;
    tally.say();
    Ok(())
}

/// The property that is tried on a few histories otherwise, on many.
fn many_histories(of: [&str; 3]) -> Command {
    let mut property = shell::cargo(["test"]);
    property.args(of).arg("whoever_was_away").env("PROPTEST_CASES", "5000").env("CHATIRE_TEST_SEEDS", "50");
    property
}

/// What can be judged without running anything.
fn look() -> Result<()> {
    let looks: [&[&str]; 3] = [
        &["fmt", "--all", "--check"],
        &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
        &["clippy", "--package", "frontend", "--target", "wasm32-unknown-unknown", "--", "-D", "warnings"],
    ];
    for look in looks {
        let look = shell::cargo(look);
        shell::say(&shell::words(&look));
        shell::run(look)?;
    }
    supply::check()?;
    tidy::run()
}

/// The runners' own closing lines, added up.
#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
}

impl Tally {
    /// `test result: ok. 3 passed; 0 failed; …` by Cargo, `ℹ pass 3` and `ℹ fail 0` by Node.
    fn hear(&mut self, line: &str) {
        let words: Vec<_> = line.split_whitespace().collect();
        match words.as_slice() {
            ["test", "result:", _, passed, "passed;", failed, "failed;", ..] => self.add(passed, failed),
            ["ℹ", "pass", passed] => self.add(passed, "0"),
            ["ℹ", "fail", failed] => self.add("0", failed),
            _ => {}
        }
    }

    fn say(&self) {
        println!("\n{} passed, {} failed", self.passed, self.failed);
    }

    fn add(&mut self, passed: &str, failed: &str) {
        self.passed += passed.parse().unwrap_or(0);
        self.failed += failed.parse().unwrap_or(0);
    }
}

/// Runs tests before the eyes of the caller, and counts along.
fn tested(tally: &mut Tally, mut tests: Command) -> Result<()> {
    let words = shell::words(&tests);
    shell::say(&words);
    let mut child = tests.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {words}"))?;
    for line in BufReader::new(child.stdout.take().context("no output")?).lines() {
        let line = line?;
        tally.hear(&line);
        println!("{line}");
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{words} failed ({status})");
    }
    Ok(())
}

/// Anew only when they are missing or the lock is newer than what was laid down from it.
fn install_packages_of_the_browser_test() -> Result<()> {
    let folder = project::root().join("e2e");
    let changed = |name: &str| fs::metadata(folder.join(name)).and_then(|file| file.modified()).ok();
    if changed("node_modules/.package-lock.json") >= changed("package-lock.json") {
        return Ok(());
    }
    shell::say("npm ci");
    let mut npm = in_folder(&folder, "npm");
    npm.args(["ci", "--no-audit", "--no-fund"]);
    shell::run(npm)
}

fn browser_test() -> Result<Command> {
    let mut node = in_folder(&project::root().join("e2e"), "node");
    // Each file starts a server and a browser of its own; two cores have enough with one at a time.
    node.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]);
    node.env("CHATIRE_BINARY", server::binary()?).stdin(Stdio::null());
    Ok(node)
}

fn in_folder(folder: &Path, program: &str) -> Command {
    let mut command = shell::program(program);
    command.current_dir(folder);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_totals_of_both_runners_are_heard() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "ℹ tests 5",
            "ℹ pass 4",
            "ℹ fail 1",
        ] {
            tally.hear(line);
        }
        assert_eq!((tally.passed, tally.failed), (7, 1));
    }
}
