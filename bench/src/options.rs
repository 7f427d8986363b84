//! Command-line options.

use clap::{Parser, ValueEnum};

use crate::target::Target;

#[derive(Parser)]
#[command(name = "cargo xtask bench", about = "Compares our server with others under the same load")]
pub struct Options {
    /// Scenarios to measure; all if none is given
    scenarios: Vec<Scenario>,
    /// Measure only these targets, separated by commas
    #[arg(long, value_delimiter = ',', value_parser = parse_target)]
    only: Vec<Target>,
    /// Rounds per scenario; the report shows medians
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds per measurement
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// One short round, to check that everything works
    #[arg(long)]
    quick: bool,
    /// Include chats of 10,000 members
    #[arg(long)]
    pub long: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    FanOut,
    ManyChats,
    Rest,
    Inserts,
    Idle,
    Newcomers,
    Growth,
    Start,
    AfterLoad,
    FirstView,
    Opening,
    LongChat,
    Search,
}

impl Scenario {
    pub fn title(self) -> &'static str {
        match self {
            Self::FanOut => "One large chat",
            Self::ManyChats => "Many small chats",
            Self::Rest => "Posts and history over HTTP",
            Self::Inserts => "Inserts without a server",
            Self::Idle => "Idle sockets",
            Self::Newcomers => "People who come for the first time",
            Self::Growth => "Larger and more chats",
            Self::Start => "Cold starts",
            Self::AfterLoad => "Memory after a load",
            Self::FirstView => "The first view",
            Self::Opening => "Opening a chat",
            Self::LongChat => "A long chat",
            Self::Search => "Searching",
        }
    }
}

impl Options {
    pub fn scenarios(&self) -> Vec<Scenario> {
        if self.scenarios.is_empty() { Scenario::value_variants().to_vec() } else { self.scenarios.clone() }
    }

    pub fn targets(&self) -> Vec<Target> {
        if self.only.is_empty() { Target::ALL.to_vec() } else { self.only.clone() }
    }

    pub fn rounds(&self) -> usize {
        if self.quick { 1 } else { self.rounds.max(1) }
    }

    pub fn seconds(&self) -> u64 {
        if self.quick { 2 } else { self.seconds.max(1) }
    }
}

fn parse_target(name: &str) -> Result<Target, String> {
    let names = Target::ALL.map(Target::name).join(", ");
    Target::ALL.into_iter().find(|target| target.name() == name).ok_or(format!("one of {names}"))
}
