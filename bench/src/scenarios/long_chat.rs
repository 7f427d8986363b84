//! A chat of 100,000 messages in Chromium: it opens as fast as an empty one, and takes the same memory.

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::bench::Bench;
use crate::scenarios::opening::run_script;

pub const NAME: &str = "opening a chat of 100,000 messages in Chromium";
pub const MILLIS: &str = "ms until messages and composer are shown";
pub const EMPTY: &str = "empty";
pub const LONG: &str = "100,000";

pub const SCROLLING: &str =
    "scrolling up through 3,000 of 100,000 messages, with a processor four times slower";
pub const LONGEST: &str = "ms of the longest task";
pub const ROWS: &str = "rows";
pub const MOVED: &str = "pixels that the view moved";
pub const HEAP_GROWTH: &str = "MiB of JavaScript heap, growth";

const MESSAGES: usize = 100_000;

#[derive(Deserialize)]
struct Measured {
    opening: Opening,
    scrolling: Scrolling,
}

/// The milliseconds of all rounds.
#[derive(Deserialize)]
struct Opening {
    empty: Vec<f64>,
    short: Vec<f64>,
    long: Vec<f64>,
}

/// Memory in bytes.
#[derive(Deserialize)]
struct Scrolling {
    longest: f64,
    rows: f64,
    moved: f64,
    before: f64,
    after: f64,
}

pub fn run(bench: &mut Bench) {
    let Measured { opening, scrolling } = match measure(bench) {
        Ok(measured) => measured,
        Err(error) => return bench.results.skip(Some(NAME), "Chromium", format!("{error:#}")),
    };
    for (name, times) in [(EMPTY, opening.empty), ("50", opening.short), (LONG, opening.long)] {
        for millis in times {
            println!("  {name:<10} {millis:>9.0} ms");
            bench.results.add(NAME, name, [(MILLIS, millis)]);
        }
    }
    let growth = (scrolling.after - scrolling.before) / f64::from(1 << 20);
    let figures = [
        (LONGEST, scrolling.longest),
        (ROWS, scrolling.rows),
        (MOVED, scrolling.moved),
        (HEAP_GROWTH, growth),
    ];
    for (figure, value) in figures {
        println!("  {figure:<32} {value:>9.1}");
    }
    bench.results.add(SCROLLING, LONG, figures);
}

fn measure(bench: &Bench) -> Result<Measured> {
    let output = run_script(bench, "long_chat.js", &[MESSAGES.to_string(), bench.rounds.to_string()])?;
    serde_json::from_slice(&output).context("no figures")
}
