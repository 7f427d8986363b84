//! `cargo xtask test`: all checks and tests, the quickest to fail first.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{
    audit, client, conformance, packages,
    project::{self, BuildMode},
    server, shell, size, steps,
    test_logs::{self, TestLogs},
    tidy, tools,
};

/// Part of the names of the property tests that compare a client that was away with one that stayed connected.
const CONVERGENCE_TESTS: &str = "returning_client_converges";

pub fn run() -> Result<()> {
    steps::run_all(tools::test_steps()?)?;
    packages::check_node_version()?;
    // The server embeds the folder, which may be empty.
    fs::create_dir_all(project::dist_dir())?;
    run_static_checks()?;
    client::check_debug_build()?;
    let (mut tally, logs) = (Tally::default(), TestLogs::create()?);
    run_tests(&mut tally, logs.capture(shell::cargo(["test", "--workspace"])))?;
    build_release()?;
    let size = size::measure()?;
    print!("{size}");
    size.check()?;
    install_browser_test_packages()?;
    run_tests(&mut tally, logs.capture(browser_tests()?))?;
    conformance::check(logs.folder())?;
    logs.check_for_secrets(&[test_logs::API, test_logs::FAULTS, test_logs::BROWSER, test_logs::CONFORMANCE])?;
    tally.print();
    Ok(())
}

/// The release build under faults; takes minutes.
pub fn run_faults() -> Result<()> {
    let mut steps: Vec<_> = packages::database_step().into_iter().collect();
    steps.extend(tools::build_steps()?);
    steps::run_all(steps)?;
    build_release()?;
    let (mut tally, logs) = (Tally::default(), TestLogs::create()?);
    run_tests(&mut tally, convergence_tests(["--package", "shared", "--lib"]))?;
    run_tests(&mut tally, logs.capture(convergence_tests(["--package", "backend", "--test=api"])))?;
    let mut faults = shell::cargo(["test", "--package", "backend", "--test=faults", "--"]);
    // One at a time: the tests measure, and need the machine to themselves.
    faults.args(["--include-ignored", "--nocapture", "--test-threads=1"]);
    faults.env("CHATIRE_BINARY", server::binary(BuildMode::Release)?);
    run_tests(&mut tally, logs.capture(faults))?;
    logs.check_for_secrets(&[test_logs::API, test_logs::FAULTS])?;
    tally.print();
    Ok(())
}

fn build_release() -> Result<()> {
    let mut steps = client::build_steps(BuildMode::Release)?;
    steps.push(server::build_step(BuildMode::Release));
    steps::run_all(steps)
}

/// The convergence tests with many more random histories than by default.
fn convergence_tests(target: [&str; 3]) -> Command {
    let mut tests = shell::cargo(["test"]);
    tests.args(target).arg(CONVERGENCE_TESTS).env("PROPTEST_CASES", "5000").env("CHATIRE_TEST_SEEDS", "50");
    tests
}

/// The checks that run no code of the project.
fn run_static_checks() -> Result<()> {
    let checks: [&[&str]; 3] = [
        &["fmt", "--all", "--check"],
        &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
        &[
            "clippy",
            "--package=frontend",
            "--features=split",
            "--target=wasm32-unknown-unknown",
            "--",
            "-D",
            "warnings",
        ],
    ];
    for check in checks {
        let check = shell::cargo(check);
        shell::print_step(&shell::display(&check));
        shell::run(check)?;
    }
    audit::run()?;
    tidy::run()
}

/// Sums of the results that the test runners print.
#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
}

impl Tally {
    /// Cargo prints `test result: ok. 3 passed; 0 failed; …`, Node.js prints `ℹ pass 3` and `ℹ fail 0`.
    fn read_line(&mut self, line: &str) {
        let words: Vec<_> = line.split_whitespace().collect();
        match words.as_slice() {
            ["test", "result:", _, passed, "passed;", failed, "failed;", ..] => self.add(passed, failed),
            ["ℹ", "pass", passed] => self.add(passed, "0"),
            ["ℹ", "fail", failed] => self.add("0", failed),
            _ => {}
        }
    }

    fn print(&self) {
        println!("\n{} passed, {} failed", self.passed, self.failed);
    }

    fn add(&mut self, passed: &str, failed: &str) {
        self.passed += passed.parse().unwrap_or(0);
        self.failed += failed.parse().unwrap_or(0);
    }
}

/// Runs tests with their output visible, and adds their results to the tally.
fn run_tests(tally: &mut Tally, mut tests: Command) -> Result<()> {
    let command = shell::display(&tests);
    shell::print_step(&command);
    let mut child =
        tests.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {command}"))?;
    for line in BufReader::new(child.stdout.take().context("no stdout")?).lines() {
        let line = line?;
        tally.read_line(&line);
        println!("{line}");
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{command} failed ({status})");
    }
    Ok(())
}

/// Runs `npm ci` if the packages are missing or older than the lock file.
fn install_browser_test_packages() -> Result<()> {
    let folder = project::root().join("e2e");
    let modified = |name: &str| fs::metadata(folder.join(name)).and_then(|file| file.modified()).ok();
    if modified("node_modules/.package-lock.json") >= modified("package-lock.json") {
        return Ok(());
    }
    shell::print_step("npm ci");
    let mut npm = command_in(&folder, "npm");
    npm.args(["ci", "--no-audit", "--no-fund"]);
    shell::run(npm)
}

fn browser_tests() -> Result<Command> {
    let mut node = command_in(&project::root().join("e2e"), "node");
    // Each file starts its own server and browser; two cores can run one at a time.
    node.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]);
    node.env("CHATIRE_BINARY", server::binary(BuildMode::Release)?).stdin(Stdio::null());
    Ok(node)
}

fn command_in(folder: &Path, program: &str) -> Command {
    let mut command = shell::command(program);
    command.current_dir(folder);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_both_runners_are_added() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "ℹ tests 5",
            "ℹ pass 4",
            "ℹ fail 1",
        ] {
            tally.read_line(line);
        }
        assert_eq!((tally.passed, tally.failed), (7, 1));
    }
}
