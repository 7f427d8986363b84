//! How soon it is there, and how much it takes while nobody comes.

use anyhow::Result;

use crate::bench::Bench;
use crate::contestant::Running;
use crate::layout::Layout;
use crate::usage;

pub const NAME: &str = "cold start on a running database, until the first answer";
pub const MILLIS: &str = "ms";
pub const MEMORY: &str = "MiB at rest";

/// Starts are quick, and scatter.
const TIMES: usize = 5;

pub fn run(bench: &mut Bench) {
    for _ in 0..TIMES {
        for contestant in bench.contestants.clone() {
            bench.turn(contestant, NAME, &Layout::new(10, 1, 10), add);
        }
    }
}

fn add(bench: &mut Bench, running: &Running) -> Result<()> {
    let (started, memory) =
        (running.started_in.as_secs_f64() * 1_000.0, usage::memory(running.pid())? / 1_024.0);
    bench.results.add(NAME, running.contestant.name(), [(MILLIS, started), (MEMORY, memory)]);
    Ok(())
}
