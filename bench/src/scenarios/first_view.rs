//! How long a page takes until it can be used in Chromium, on a slow network and processor, beside a plain page with Vue,
//! jQuery and Bootstrap.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::bench::Bench;
use crate::scenarios::opening::run_script;
use crate::{install, paths};

pub const NAME: &str = "first view in Chromium, with a processor four times slower";
pub const BYTES: &str = "what a member's first view loads, headers included";
pub const OURS: &str = "chatire";
pub const PLAIN_PAGE: &str = "vue";

/// What is measured by `e2e/first_view_time.js`: network, visitor and event; and what it is called in the report.
const FIGURES: [(&str, &str, &str, &str); 10] = [
    ("fast 3G", "visitor", "text", "ms until a visitor can type, fast 3G"),
    ("fast 3G", "visitor", "messages", "ms until a visitor has joined, fast 3G"),
    ("fast 3G", "member", "text", "ms until a member can type, fast 3G"),
    ("fast 3G", "member", "messages", "ms until a member sees messages, fast 3G"),
    ("fast 3G", "member", "program", "ms until a member can send, fast 3G"),
    ("1.6 Mbit/s", "visitor", "text", "ms until a visitor can type, 1.6 Mbit/s"),
    ("1.6 Mbit/s", "visitor", "messages", "ms until a visitor has joined, 1.6 Mbit/s"),
    ("1.6 Mbit/s", "member", "text", "ms until a member can type, 1.6 Mbit/s"),
    ("1.6 Mbit/s", "member", "messages", "ms until a member sees messages, 1.6 Mbit/s"),
    ("1.6 Mbit/s", "member", "program", "ms until a member can send, 1.6 Mbit/s"),
];

/// What a member's first view loads, as `e2e/first_view_time.js` names the parts, and what they are called in the report.
const PARTS: [(&str, &str); 7] = [
    ("all", "KB in all"),
    ("program", "KB of WebAssembly"),
    ("later", "KB of WebAssembly after the first view"),
    ("script", "KB of scripts"),
    ("style", "KB of styles"),
    ("page", "KB of the page"),
    ("api", "KB of API responses"),
];

/// The names of all figures.
pub fn figures() -> impl Iterator<Item = &'static str> {
    FIGURES.into_iter().map(|(.., figure)| figure)
}

#[derive(Deserialize)]
struct Measured {
    times: Vec<Times>,
    bytes: Vec<PartSize>,
}

#[derive(Deserialize)]
struct PartSize {
    page: String,
    part: String,
    bytes: f64,
}

/// The milliseconds of all rounds.
#[derive(Deserialize)]
struct Times {
    page: String,
    network: String,
    visitor: String,
    event: String,
    millis: Vec<f64>,
}

pub fn run(bench: &mut Bench) {
    let measured = match measure(bench) {
        Ok(measured) => measured,
        Err(error) => return bench.results.skip(Some(NAME), "Chromium", format!("{error:#}")),
    };
    for (network, visitor, event, figure) in FIGURES {
        for page in [OURS, PLAIN_PAGE] {
            let key = [page, network, visitor, event];
            let is_figure =
                |times: &&Times| [&*times.page, &times.network, &times.visitor, &times.event] == key;
            for millis in measured.times.iter().filter(is_figure).flat_map(|times| &times.millis) {
                println!("  {page:<8} {figure:<44} {millis:>9.0}");
                bench.results.add(NAME, page, [(figure, *millis)]);
            }
        }
    }
    for (part, figure) in PARTS {
        for page in [OURS, PLAIN_PAGE] {
            let is_part = |size: &&PartSize| size.page == page && size.part == part;
            let Some(size) = measured.bytes.iter().find(is_part) else { continue };
            let kb = size.bytes / 1_000.0;
            println!("  {page:<8} {figure:<44} {kb:>9.1}");
            bench.results.add(BYTES, page, [(figure, kb)]);
        }
    }
}

fn measure(bench: &Bench) -> Result<Measured> {
    let folder = install_plain_page()?;
    let output = run_script(bench, "first_view_time.js", &[bench.rounds.to_string(), folder])?;
    serde_json::from_slice(&output).context("no times")
}

fn install_plain_page() -> Result<String> {
    install::ensure_runnable(Command::new("node"))?;
    install::install_npm(PLAIN_PAGE)?;
    let folder = paths::install_dir(PLAIN_PAGE);
    for file in ["index.html", "app.js"] {
        let source = paths::root().join("bench/targets").join(PLAIN_PAGE).join(file);
        std::fs::copy(source, folder.join(file))?;
    }
    ensure!(Path::new(&folder).join("node_modules").is_dir(), "npm has installed nothing");
    Ok(folder.display().to_string())
}
