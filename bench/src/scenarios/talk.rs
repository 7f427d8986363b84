//! People talk: in one large chat, and in many small ones.

use anyhow::Result;

use crate::bench::{Bench, Usage, millis, per_processor_second};
use crate::contestant::{Contestant, Running};
use crate::layout::Layout;
use crate::load::{Crowd, Lane, Outcome, Pace};
use crate::usage;

/// Posts a second where the pace is the same for everyone.
const STEADY: f64 = 100.0;

pub struct Talk {
    pub name: &'static str,
    pub half: &'static str,
    pub steady: Option<&'static str>,
    pub layout: Layout,
    pub lanes: usize,
}

pub fn fan_out() -> Talk {
    Talk {
        name: "S1: 1 chat × 500 members, 10 writers, closed loop",
        half: "S1 at half of each one's maximum",
        steady: Some("S1 at 100 posts/s"),
        layout: Layout::new(500, 1, 500),
        lanes: 10,
    }
}

pub fn many_chats() -> Talk {
    Talk {
        name: "S2: 200 chats × 5 members, 200 writers, closed loop",
        half: "S2 at half of each one's maximum",
        steady: None,
        layout: Layout::new(1_000, 200, 5),
        lanes: 200,
    }
}

impl Talk {
    pub fn run(&self, bench: &mut Bench) -> Result<()> {
        for contestant in bench.turns() {
            bench.with(contestant, &self.layout, |bench, running| self.measure(bench, running))?;
        }
        Ok(())
    }

    /// All three with the same crowd: as fast as it goes, at half of that, and at the pace of all.
    fn measure(&self, bench: &mut Bench, running: &Running) -> Result<()> {
        let contestant = running.contestant;
        let mut crowd =
            Crowd::open(contestant.dialect(), running.address, self.layout.clone(), &running.people)?;
        let lanes = self.layout.lanes(self.lanes);
        let outcome = self.talk(bench, running, &mut crowd, &lanes, Pace::Closed)?;
        let fastest = outcome.posts as f64 / outcome.seconds;
        let rss = usage::memory(running.pid())? / 1_024.0;
        bench.results.add(self.name, contestant, throughput(&outcome));
        bench.results.add(self.name, contestant, latencies(&outcome));
        bench.results.add(self.name, contestant, [("memory MiB", rss)]);
        add_faults(bench, self.name, contestant, &outcome);
        let paces = [(Some(self.half), fastest / 2.0), (self.steady, STEADY)];
        for (name, rate) in paces.into_iter().filter_map(|(name, rate)| Some((name?, rate))) {
            let outcome = self.talk(bench, running, &mut crowd, &lanes, Pace::PerSecond(rate))?;
            bench.results.add(name, contestant, latencies(&outcome));
            bench.results.add(name, contestant, throughput(&outcome));
            add_faults(bench, name, contestant, &outcome);
        }
        Ok(())
    }

    fn talk(
        &self,
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
}

pub fn throughput(outcome: &Outcome<Usage>) -> [(&'static str, f64); 4] {
    let used = outcome.after.since(outcome.before);
    let server = outcome.after.server.saturating_sub(outcome.before.server).as_secs_f64();
    [
        ("deliveries/CPU-s", per_processor_second(outcome)),
        ("deliveries/s", outcome.deliveries as f64 / outcome.seconds),
        ("posts/s", outcome.posts as f64 / outcome.seconds),
        ("server's share %", 100.0 * server / used),
    ]
}

pub fn latencies(outcome: &Outcome<Usage>) -> [(&'static str, f64); 3] {
    [
        ("p50 ms", millis(&outcome.latency, 0.5)),
        ("p99 ms", millis(&outcome.latency, 0.99)),
        ("p99.9 ms", millis(&outcome.latency, 0.999)),
    ]
}

pub fn add_faults(bench: &mut Bench, scenario: &'static str, who: Contestant, outcome: &Outcome<Usage>) {
    let faults = outcome.faults;
    bench.results.add(
        scenario,
        who,
        [
            ("lost", faults.lost as f64),
            ("doubled", faults.doubled as f64),
            ("disordered", faults.disordered as f64),
            ("refused", outcome.refused as f64),
            ("resyncs", outcome.resyncs as f64),
        ],
    );
}
