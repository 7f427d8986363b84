//! Loads our server and others in turn and compares them. Run by `cargo xtask bench`.

#![allow(clippy::print_stdout, reason = "a command-line program")]
#![allow(
    clippy::indexing_slicing,
    reason = "indexes come from this program alone, and a wrong one should end the run"
)]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "figures are shown with four digits"
)]

mod bench;
mod cpu_cores;
mod database;
mod goals;
mod http_load;
mod install;
mod layout;
mod load_generator;
mod marker;
mod options;
mod ordering_checker;
mod paths;
mod plots;
mod process_stats;
mod protocol_adapter;
mod results;
mod scenarios;
mod socket_pool;
mod table;
mod target;

use std::fs;

use anyhow::{Result, ensure};
use clap::Parser;

use crate::bench::Bench;
use crate::cpu_cores::Cores;
use crate::database::Database;
use crate::options::{Options, Scenario};
use crate::results::Results;
use crate::scenarios::{
    after_load, cold_start, first_view, growth, idle, inserts, long_chat, messaging, newcomers, opening,
    rest, search,
};
use crate::target::{OURS, Target};

/// A machine with a higher load average is busy with other work.
const QUIET_LOAD_AVERAGE: f64 = 0.5;

fn main() -> Result<()> {
    let options = Options::parse();
    let cores = Cores::detect()?;
    if cores.is_single_core() {
        println!("There is only one core: server and load share it, and the figures are meaningless.");
    }
    if let Some(load) = cpu_cores::load_average().filter(|load| *load > QUIET_LOAD_AVERAGE) {
        println!("The machine is busy (load average {load}): the figures will scatter.");
    }
    cpu_cores::raise_open_files_limit()?;
    let mut results = Results::default();
    let targets = install_targets(&options, &mut results);
    cpu_cores::pin_thread(cores.server)?;
    let database = Database::start()?;
    cpu_cores::pin_thread(cores.load)?;
    let (rounds, seconds) = (options.rounds(), options.seconds());
    let mut bench = Bench { cores, database, targets, rounds, seconds, long: options.long, results };
    for scenario in options.scenarios() {
        println!("\n▸ {}", scenario.title());
        run(scenario, &mut bench);
    }
    let report = table::render_report(&bench.results) + &goals::render_goals(&bench.results);
    println!("{report}");
    plots::write_plots(&bench.results, &paths::output_dir())?;
    fs::write(paths::output_dir().join("report.md"), report)?;
    ensure!(!bench.results.has_skipped(OURS), "our own server failed");
    Ok(())
}

fn run(scenario: Scenario, bench: &mut Bench) {
    match scenario {
        Scenario::FanOut => messaging::fan_out().run(bench),
        Scenario::ManyChats => messaging::many_chats().run(bench),
        Scenario::Rest => rest::run(bench),
        Scenario::Inserts => inserts::run(bench),
        Scenario::Idle => idle::run(bench),
        Scenario::Newcomers => newcomers::run(bench),
        Scenario::Growth => growth::run(bench),
        Scenario::Start => cold_start::run(bench),
        Scenario::AfterLoad => after_load::run(bench),
        Scenario::FirstView => first_view::run(bench),
        Scenario::Opening => opening::run(bench),
        Scenario::LongChat => long_chat::run(bench),
        Scenario::Search => search::run(bench),
    }
}

fn install_targets(options: &Options, results: &mut Results) -> Vec<Target> {
    let mut targets = Vec::new();
    for target in options.targets() {
        match install::ensure_installed(target) {
            Ok(()) => targets.push(target),
            Err(error) => results.skip(None, target.name(), format!("{error:#}")),
        }
    }
    targets
}
