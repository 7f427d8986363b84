//! What all scenarios share: the database, the targets and the results.

use std::time::Duration;

use anyhow::Result;

use crate::cpu_cores::Cores;
use crate::database::Database;
use crate::layout::Layout;
use crate::load_generator::{LoadPlan, LoadResult, PostingPace};
use crate::process_stats;
use crate::results::Results;
use crate::target::{Running, Target};

pub struct Bench {
    pub cores: Cores,
    pub database: Database,
    pub targets: Vec<Target>,
    pub rounds: usize,
    pub seconds: u64,
    pub long: bool,
    pub results: Results,
}

/// CPU time of the server, its database and the load generator.
#[derive(Clone, Copy)]
pub struct CpuUsage {
    pub server: Duration,
    pub database: Duration,
    pub load: Duration,
}

impl CpuUsage {
    pub fn cpu_seconds_since(self, before: Self) -> f64 {
        (self.server + self.database).saturating_sub(before.server + before.database).as_secs_f64()
    }
}

impl Bench {
    /// Starts a target, runs `measure` and stops the target. A failure is reported as skipped.
    pub fn run_target<T>(
        &mut self,
        target: Target,
        scenario: &'static str,
        layout: &Layout,
        measure: impl FnOnce(&mut Self, &Running) -> Result<T>,
    ) -> Option<T> {
        let measured = self.run_isolated(target, layout, measure);
        let failed = |error| self.results.skip(Some(scenario), target.name(), format!("{error:#}"));
        measured.map_err(failed).ok()
    }

    fn run_isolated<T>(
        &mut self,
        target: Target,
        layout: &Layout,
        measure: impl FnOnce(&mut Self, &Running) -> Result<T>,
    ) -> Result<T> {
        let running = Running::start(target, &self.cores, &mut self.database, layout)?;
        let measured = measure(self, &running);
        running.stop(&self.database)?;
        measured
    }

    /// A function that reads the CPU times.
    pub fn usage_probe(&self, running: &Running) -> impl Fn() -> Result<CpuUsage> + use<> {
        let (server, database) = (running.pid(), self.database.pid());
        move || {
            let database = database.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))?;
            Ok(CpuUsage {
                server: process_stats::cpu_time(server)?,
                database: process_stats::cpu_time(*database)?,
                load: process_stats::own_cpu_time()?,
            })
        }
    }

    pub fn load_plan(&self, pace: PostingPace) -> LoadPlan {
        let duration = Duration::from_secs(self.seconds);
        LoadPlan { pace, warm_up: duration / 3, duration }
    }

    /// All targets once per round, so that they are measured side by side.
    pub fn schedule(&self) -> Vec<Target> {
        self.targets.iter().copied().cycle().take(self.targets.len() * self.rounds).collect()
    }
}

/// Deliveries per CPU-second of server and database.
pub fn per_cpu_second(outcome: &LoadResult<CpuUsage>) -> f64 {
    outcome.deliveries as f64 / outcome.after.cpu_seconds_since(outcome.before)
}

/// A quantile of a histogram of microseconds, in milliseconds.
pub fn quantile_millis(latency: &hdrhistogram::Histogram<u64>, quantile: f64) -> f64 {
    latency.value_at_quantile(quantile) as f64 / 1_000.0
}
