//! People talk: in one large chat, and in many small ones.

use anyhow::Result;

use crate::bench::{Bench, Usage, millis, per_processor_second};
use crate::contestant::Running;
use crate::layout::Layout;
use crate::load::{Crowd, Lane, Outcome, Pace};
use crate::usage;

pub const FAN_OUT: &str = "S1: 1 chat × 500 members, 10 writers, closed loop";
pub const FAN_OUT_HALF: &str = "S1 at half of each one's maximum";
pub const FAN_OUT_STEADY: &str = "S1 at 100 posts/s";
pub const MANY_CHATS: &str = "S2: 200 chats × 5 members, 200 writers, closed loop";
pub const MANY_CHATS_HALF: &str = "S2 at half of each one's maximum";

/// Names under which the goals look figures up.
pub const PER_PROCESSOR_SECOND: &str = "deliveries/CPU-s";
pub const P99: &str = "p99 ms";
/// Where this comes near 100, the load could not do more, and what is per second says more of it than of the server.
pub const LOAD: &str = "load %";
pub const FAULTS: [&str; 4] = ["lost", "doubled", "disordered", "refused"];

/// Posts a second where the pace is the same for everyone.
const STEADY: f64 = 100.0;

pub struct Talk {
    name: &'static str,
    half: &'static str,
    steady: Option<&'static str>,
    layout: Layout,
    lanes: Vec<Lane>,
}

pub fn fan_out() -> Talk {
    let layout = Layout::new(500, 1, 500);
    let (steady, lanes) = (Some(FAN_OUT_STEADY), layout.lanes(10));
    Talk { name: FAN_OUT, half: FAN_OUT_HALF, steady, layout, lanes }
}

pub fn many_chats() -> Talk {
    let layout = Layout::new(1_000, 200, 5);
    let lanes = layout.lanes(200);
    Talk { name: MANY_CHATS, half: MANY_CHATS_HALF, steady: None, layout, lanes }
}

impl Talk {
    pub fn run(&self, bench: &mut Bench) {
        for contestant in bench.turns() {
            bench.turn(contestant, self.name, &self.layout, |bench, running| self.measure(bench, running));
        }
    }

    /// All with the same crowd: as fast as it goes, at half of that, and at the pace of all.
    fn measure(&self, bench: &mut Bench, running: &Running) -> Result<()> {
        let mut crowd = crowd(running, &self.layout)?;
        let outcome = talk(bench, running, &mut crowd, &self.lanes, Pace::Closed)?;
        let fastest = outcome.posts as f64 / outcome.seconds;
        add(bench, self.name, running, &outcome)?;
        let paces = [(Some(self.half), fastest / 2.0), (self.steady, STEADY)];
        for (name, rate) in paces.into_iter().filter_map(|(name, rate)| Some((name?, rate))) {
            if rate > fastest {
                let why = format!("its maximum is {fastest:.0} posts/s");
                bench.results.skip(Some(name), running.contestant.name(), why);
                continue;
            }
            let outcome = talk(bench, running, &mut crowd, &self.lanes, Pace::PerSecond(rate))?;
            add(bench, name, running, &outcome)?;
        }
        Ok(())
    }
}

pub fn crowd(running: &Running, layout: &Layout) -> Result<Crowd> {
    Crowd::open(running.contestant.dialect(), running.address, layout.clone(), &running.people)
}

pub fn talk(
    bench: &Bench,
    running: &Running,
    crowd: &mut Crowd,
    lanes: &[Lane],
    pace: Pace,
) -> Result<Outcome<Usage>> {
    let outcome = crowd.talk(lanes, bench.plan(pace), bench.usage(running))?;
    println!(
        "  {:<10} {:>9.0} deliveries/s {:>9.0} per processor-second  {:?}",
        running.contestant.name(),
        outcome.deliveries as f64 / outcome.seconds,
        per_processor_second(&outcome),
        outcome.faults
    );
    Ok(outcome)
}

pub fn load_share(before: Usage, after: Usage, seconds: f64) -> f64 {
    100.0 * after.load.saturating_sub(before.load).as_secs_f64() / seconds
}

fn add(bench: &mut Bench, scenario: &'static str, running: &Running, outcome: &Outcome<Usage>) -> Result<()> {
    let who = running.contestant.name();
    let used = outcome.after.since(outcome.before);
    let server = outcome.after.server.saturating_sub(outcome.before.server).as_secs_f64();
    let throughput = [
        (PER_PROCESSOR_SECOND, per_processor_second(outcome)),
        ("deliveries/s", outcome.deliveries as f64 / outcome.seconds),
        ("posts/s", outcome.posts as f64 / outcome.seconds),
        ("CPU %", 100.0 * used / outcome.seconds),
        ("of it server %", 100.0 * server / used),
        (LOAD, load_share(outcome.before, outcome.after, outcome.seconds)),
        ("MiB", usage::memory(running.pid())? / 1_024.0),
    ];
    let latency = [("p50 ms", 0.5), (P99, 0.99), ("p99.9 ms", 0.999)]
        .map(|(name, at)| (name, millis(&outcome.latency, at)));
    bench.results.add(scenario, who, throughput.into_iter().chain(latency).chain(faults(outcome)));
    Ok(())
}

/// What went wrong, by the names of [`FAULTS`] and one that is none: a server may say that it skipped something.
pub fn faults(outcome: &Outcome<Usage>) -> [(&'static str, f64); 5] {
    let [lost, doubled, disordered, refused] = FAULTS;
    [
        (lost, outcome.faults.lost as f64),
        (doubled, outcome.faults.doubled as f64),
        (disordered, outcome.faults.disordered as f64),
        (refused, outcome.refused as f64),
        ("resyncs", outcome.resyncs as f64),
    ]
}
