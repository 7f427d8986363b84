//! Loads our server and others in turn, and says what came of it. `cargo xtask bench` runs it.

#![allow(clippy::print_stdout, reason = "this program talks to people")]
#![allow(clippy::indexing_slicing, reason = "its tables are its own; a wrong place should end the run")]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "figures that are shown with four digits"
)]

mod bench;
mod contestant;
mod database;
mod dialect;
mod frames;
mod goals;
mod http;
mod install;
mod layout;
mod load;
mod machine;
mod mark;
mod options;
mod order;
mod project;
mod results;
mod scenarios;
mod sockets;
mod table;
mod usage;

use std::fs;

use anyhow::{Result, ensure};
use clap::Parser;

use crate::bench::Bench;
use crate::contestant::{Contestant, OURS};
use crate::database::Database;
use crate::machine::Cores;
use crate::options::{Options, Scenario};
use crate::results::Results;
use crate::scenarios::{growth, idle, inserts, rest, start, talk};

/// A machine with a higher load average has other things to do.
const QUIET: f64 = 0.5;

fn main() -> Result<()> {
    let options = Options::parse();
    let cores = Cores::find()?;
    if cores.are_shared() {
        println!(
            "There is one core only: server and load disturb each other, and the figures are worthless."
        );
    }
    if let Some(load) = machine::load_average().filter(|load| *load > QUIET) {
        println!("The machine is busy (load average {load}): the figures will scatter.");
    }
    machine::raise_limit_of_files()?;
    let mut results = Results::default();
    let contestants = installed(&options, &mut results);
    machine::move_to(cores.server)?;
    let database = Database::start()?;
    machine::move_to(cores.load)?;
    let (rounds, seconds) = (options.rounds(), options.seconds());
    let mut bench = Bench { cores, database, contestants, rounds, seconds, long: options.long, results };
    for scenario in options.scenarios() {
        println!("\n▸ {}", scenario.says());
        run(scenario, &mut bench);
    }
    let report = table::all(&bench.results) + &goals::table(&bench.results);
    println!("{report}");
    fs::create_dir_all(project::made())?;
    fs::write(project::made().join("report.md"), report)?;
    ensure!(!bench.results.has_skipped(OURS), "our own server failed");
    Ok(())
}

fn run(scenario: Scenario, bench: &mut Bench) {
    match scenario {
        Scenario::FanOut => talk::fan_out().run(bench),
        Scenario::ManyChats => talk::many_chats().run(bench),
        Scenario::Rest => rest::run(bench),
        Scenario::Inserts => inserts::run(bench),
        Scenario::Idle => idle::run(bench),
        Scenario::Growth => growth::run(bench),
        Scenario::Start => start::run(bench),
    }
}

fn installed(options: &Options, results: &mut Results) -> Vec<Contestant> {
    let mut contestants = Vec::new();
    for contestant in options.contestants() {
        match install::contestant(contestant) {
            Ok(()) => contestants.push(contestant),
            Err(why) => results.skip(None, contestant.name(), format!("{why:#}")),
        }
    }
    contestants
}
