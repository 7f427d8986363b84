//! Opening a chat in Chromium: the messages that take longest must not make it much slower.

use std::collections::{BTreeMap, HashMap};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::bench::Bench;
use crate::paths;

pub const NAME: &str = "opening a chat of 100 messages of 4,000 characters in Chromium";
pub const MILLIS: &str = "ms of the main thread";
pub const PLAIN: &str = "plain";

const MESSAGE_MAX: usize = 4_000;

/// What the messages repeat, and how often: up to the limit of elements, or to parse as long as possible. The rest of a
/// message is plain.
pub const MESSAGES: [(&str, &str, usize); 6] = [
    (PLAIN, "", 0),
    ("links", "http://b.c ", 81),
    ("labels", "[a](http://b.c) ", 35),
    ("quotes", "> > > > > > > > a\n\n", 24),
    ("lists", "- `a`\n", 61),
    ("escapes", "\\*[a*a\\_*a](http://a)", MESSAGE_MAX),
];

pub fn run(bench: &mut Bench) {
    let times = match measure(bench) {
        Ok(times) => times,
        Err(error) => return bench.results.skip(Some(NAME), "Chromium", format!("{error:#}")),
    };
    for (name, ..) in MESSAGES {
        for millis in times.get(name).into_iter().flatten() {
            println!("  {name:<10} {millis:>9.0} ms");
            bench.results.add(NAME, name, [(MILLIS, *millis)]);
        }
    }
}

fn measure(bench: &Bench) -> Result<HashMap<String, Vec<f64>>> {
    let texts = serde_json::to_string(&texts())?;
    let output = run_script(bench, "opening_time.js", &[texts, bench.rounds.to_string()])?;
    serde_json::from_slice(&output).context("no times")
}

/// Runs a script of `e2e/` with our server, and returns its output.
pub fn run_script(bench: &Bench, script: &str, args: &[String]) -> Result<Vec<u8>> {
    let folder = paths::root().join("e2e");
    if !folder.join("node_modules").is_dir() {
        let status = Command::new("npm").arg("ci").current_dir(&folder).status().context("cannot run npm")?;
        ensure!(status.success(), "npm failed ({status})");
    }
    let mut node = bench.cores.load_command("node");
    node.arg(script).args(args);
    node.env("CHATIRE_BINARY", paths::sibling_binary("chatire")?).current_dir(folder);
    let output = node.output().context("cannot run node")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(output.stdout)
}

fn texts() -> BTreeMap<&'static str, String> {
    let text = |part: &str, count: usize| {
        let text = part.repeat(count) + "\n\n" + &"tea and scones ".repeat(MESSAGE_MAX);
        text.chars().take(MESSAGE_MAX).collect()
    };
    MESSAGES.into_iter().map(|(name, part, count)| (name, text(part, count))).collect()
}
