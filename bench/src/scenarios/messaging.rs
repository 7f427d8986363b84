//! Messages in one large chat, and in many small ones.

use anyhow::Result;

use crate::bench::{Bench, CpuUsage, per_cpu_second, quantile_millis};
use crate::layout::Layout;
use crate::layout::WriterGroup;
use crate::load_generator::{LoadGenerator, LoadResult, PostingPace};
use crate::process_stats;
use crate::target::Running;

pub const FAN_OUT: &str = "S1: 1 chat × 500 members, 10 writers, closed loop";
pub const FAN_OUT_HALF: &str = "S1 at half of each one's maximum";
pub const FAN_OUT_STEADY: &str = "S1 at 100 posts/s";
pub const MANY_CHATS: &str = "S2: 200 chats × 5 members, 200 writers, closed loop";
pub const MANY_CHATS_HALF: &str = "S2 at half of each one's maximum";

/// Names by which the goals find figures.
pub const PER_CPU_SECOND: &str = "deliveries/CPU-s";
pub const P95: &str = "p95 ms";
pub const P99: &str = "p99 ms";
/// Near 100, the load generator is the limit, and figures per second say more about it than about the server.
pub const LOAD: &str = "load %";
pub const FAULTS: [&str; 4] = ["lost", "duplicated", "out of order", "refused"];

/// Posts per second, the same for all targets.
const STEADY: f64 = 100.0;

pub struct MessagingScenario {
    name: &'static str,
    half: &'static str,
    steady: Option<&'static str>,
    layout: Layout,
    writer_groups: Vec<WriterGroup>,
}

pub fn fan_out() -> MessagingScenario {
    let layout = Layout::new(500, 1, 500);
    let (steady, writer_groups) = (Some(FAN_OUT_STEADY), layout.writer_groups(10));
    MessagingScenario { name: FAN_OUT, half: FAN_OUT_HALF, steady, layout, writer_groups }
}

pub fn many_chats() -> MessagingScenario {
    let layout = Layout::new(1_000, 200, 5);
    let writer_groups = layout.writer_groups(200);
    MessagingScenario { name: MANY_CHATS, half: MANY_CHATS_HALF, steady: None, layout, writer_groups }
}

impl MessagingScenario {
    pub fn run(&self, bench: &mut Bench) {
        for target in bench.schedule() {
            bench.run_target(target, self.name, &self.layout, |bench, running| self.measure(bench, running));
        }
    }

    /// With the same sockets: as fast as possible, at half of that, and at the steady rate.
    fn measure(&self, bench: &mut Bench, running: &Running) -> Result<()> {
        let mut generator = open_generator(running, &self.layout)?;
        let outcome = run_load(bench, running, &mut generator, &self.writer_groups, PostingPace::Closed)?;
        let fastest = outcome.posts as f64 / outcome.seconds;
        record_result(bench, self.name, running, &outcome)?;
        let paces = [(Some(self.half), fastest / 2.0), (self.steady, STEADY)];
        for (name, rate) in paces.into_iter().filter_map(|(name, rate)| Some((name?, rate))) {
            if rate > fastest {
                let reason = format!("its maximum is {fastest:.0} posts/s");
                bench.results.skip(Some(name), running.target.name(), reason);
                continue;
            }
            let outcome =
                run_load(bench, running, &mut generator, &self.writer_groups, PostingPace::PerSecond(rate))?;
            record_result(bench, name, running, &outcome)?;
        }
        Ok(())
    }
}

pub fn open_generator(running: &Running, layout: &Layout) -> Result<LoadGenerator> {
    LoadGenerator::open(running.target.adapter(), running.address, layout.clone(), &running.users)
}

pub fn run_load(
    bench: &Bench,
    running: &Running,
    generator: &mut LoadGenerator,
    writer_groups: &[WriterGroup],
    pace: PostingPace,
) -> Result<LoadResult<CpuUsage>> {
    let outcome = generator.run(writer_groups, bench.load_plan(pace), bench.usage_probe(running))?;
    println!(
        "  {:<10} {:>9.0} deliveries/s {:>9.0} per processor-second  {:?}",
        running.target.name(),
        outcome.deliveries as f64 / outcome.seconds,
        per_cpu_second(&outcome),
        outcome.faults
    );
    Ok(outcome)
}

pub fn load_percent(before: CpuUsage, after: CpuUsage, seconds: f64) -> f64 {
    100.0 * after.load.saturating_sub(before.load).as_secs_f64() / seconds
}

fn record_result(
    bench: &mut Bench,
    scenario: &'static str,
    running: &Running,
    outcome: &LoadResult<CpuUsage>,
) -> Result<()> {
    let target = running.target.name();
    let used = outcome.after.cpu_seconds_since(outcome.before);
    let server = outcome.after.server.saturating_sub(outcome.before.server).as_secs_f64();
    let throughput = [
        (PER_CPU_SECOND, per_cpu_second(outcome)),
        ("deliveries/s", outcome.deliveries as f64 / outcome.seconds),
        ("posts/s", outcome.posts as f64 / outcome.seconds),
        ("CPU %", 100.0 * used / outcome.seconds),
        ("of it server %", 100.0 * server / used),
        (LOAD, load_percent(outcome.before, outcome.after, outcome.seconds)),
        ("MiB", process_stats::memory_kib(running.pid())? / 1_024.0),
    ];
    let latency = [("p50 ms", 0.5), (P95, 0.95), (P99, 0.99), ("p99.9 ms", 0.999)]
        .map(|(name, at)| (name, quantile_millis(&outcome.latency, at)));
    bench.results.add(scenario, target, throughput.into_iter().chain(latency).chain(fault_figures(outcome)));
    Ok(())
}

/// The figures of [`FAULTS`], and resyncs, which are not faults: a server may skip something and say so.
pub fn fault_figures(outcome: &LoadResult<CpuUsage>) -> [(&'static str, f64); 5] {
    let [lost, duplicated, out_of_order, refused] = FAULTS;
    [
        (lost, outcome.faults.lost as f64),
        (duplicated, outcome.faults.duplicated as f64),
        (out_of_order, outcome.faults.out_of_order as f64),
        (refused, outcome.refused as f64),
        ("resyncs", outcome.resyncs as f64),
    ]
}
