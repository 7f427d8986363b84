//! One run of everything: what all scenarios share.

use std::time::Duration;

use anyhow::Result;

use crate::contestant::{Contestant, Running};
use crate::database::Database;
use crate::layout::Layout;
use crate::load::{Outcome, Pace, Plan};
use crate::machine::Cores;
use crate::results::Results;
use crate::usage;

pub struct Bench {
    pub cores: Cores,
    pub database: Database,
    pub contestants: Vec<Contestant>,
    pub rounds: usize,
    pub seconds: u64,
    pub long: bool,
    pub results: Results,
}

/// What the server, its database and the load itself have used so far.
#[derive(Clone, Copy)]
pub struct Usage {
    pub server: Duration,
    pub database: Duration,
    pub load: Duration,
}

impl Usage {
    pub fn since(self, before: Self) -> f64 {
        (self.server + self.database).saturating_sub(before.server + before.database).as_secs_f64()
    }
}

impl Bench {
    /// Starts a contestant, lets `measure` take its figures, and stops it. One that fails is named, and the others go on.
    pub fn turn<T>(
        &mut self,
        contestant: Contestant,
        scenario: &'static str,
        layout: &Layout,
        measure: impl FnOnce(&mut Self, &Running) -> Result<T>,
    ) -> Option<T> {
        let measured = self.with(contestant, layout, measure);
        let failed = |error| self.results.skip(Some(scenario), contestant.name(), format!("{error:#}"));
        measured.map_err(failed).ok()
    }

    fn with<T>(
        &mut self,
        contestant: Contestant,
        layout: &Layout,
        measure: impl FnOnce(&mut Self, &Running) -> Result<T>,
    ) -> Result<T> {
        let running = Running::start(contestant, &self.cores, &mut self.database, layout)?;
        let measured = measure(self, &running);
        running.stop(&self.database)?;
        measured
    }

    /// A look at both processor times.
    pub fn usage(&self, running: &Running) -> impl Fn() -> Result<Usage> + use<> {
        let (server, database) = (running.pid(), self.database.pid());
        move || {
            let database = database.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))?;
            Ok(Usage {
                server: usage::processor_time(server)?,
                database: usage::processor_time(*database)?,
                load: usage::own_processor_time()?,
            })
        }
    }

    pub fn plan(&self, pace: Pace) -> Plan {
        let length = Duration::from_secs(self.seconds);
        Plan { pace, warm_up: length / 3, length }
    }

    /// The rounds, and in each of them everyone: side by side.
    pub fn turns(&self) -> Vec<Contestant> {
        self.contestants.iter().copied().cycle().take(self.contestants.len() * self.rounds).collect()
    }
}

/// Deliveries for each second of the processor.
pub fn per_processor_second(outcome: &Outcome<Usage>) -> f64 {
    outcome.deliveries as f64 / outcome.after.since(outcome.before)
}

/// Microseconds at a quantile, in milliseconds.
pub fn millis(latency: &hdrhistogram::Histogram<u64>, quantile: f64) -> f64 {
    latency.value_at_quantile(quantile) as f64 / 1_000.0
}
