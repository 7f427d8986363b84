//! Time to the first response, and memory without load.

use anyhow::Result;

use crate::bench::Bench;
use crate::layout::Layout;
use crate::process_stats;
use crate::target::Running;

pub const NAME: &str = "cold start on a running database, until the first answer";
pub const MILLIS: &str = "ms";
pub const MEMORY: &str = "MiB at rest";

/// Startup times are short and scatter.
const ROUNDS: usize = 5;

pub fn run(bench: &mut Bench) {
    for _ in 0..ROUNDS {
        for target in bench.targets.clone() {
            bench.run_target(target, NAME, &Layout::new(10, 1, 10), record_result);
        }
    }
}

fn record_result(bench: &mut Bench, running: &Running) -> Result<()> {
    let (started, memory) =
        (running.startup_time.as_secs_f64() * 1_000.0, process_stats::memory_kib(running.pid())? / 1_024.0);
    bench.results.add(NAME, running.target.name(), [(MILLIS, started), (MEMORY, memory)]);
    Ok(())
}
