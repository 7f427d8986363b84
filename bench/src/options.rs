//! What may be asked for.

use clap::{Parser, ValueEnum};

use crate::contestant::Contestant;

#[derive(Parser)]
#[command(name = "cargo xtask bench", about = "Compares the server with others, side by side")]
pub struct Options {
    /// What is measured; everything unless something is named
    scenarios: Vec<Scenario>,
    /// Compares with these alone, separated by commas
    #[arg(long, value_delimiter = ',', value_parser = contestant)]
    only: Vec<Contestant>,
    /// How often each is measured; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long each measures
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// One short round: to see that it works, not to compare
    #[arg(long)]
    quick: bool,
    /// Chats of 10,000 members, too
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
    Growth,
    Start,
}

impl Scenario {
    pub fn says(self) -> &'static str {
        match self {
            Self::FanOut => "One large chat",
            Self::ManyChats => "Many small chats",
            Self::Rest => "Posts and history over HTTP",
            Self::Inserts => "Inserts without a server",
            Self::Idle => "Idle sockets",
            Self::Growth => "Larger and more chats",
            Self::Start => "Cold starts",
        }
    }
}

impl Options {
    pub fn scenarios(&self) -> Vec<Scenario> {
        if self.scenarios.is_empty() { Scenario::value_variants().to_vec() } else { self.scenarios.clone() }
    }

    pub fn contestants(&self) -> Vec<Contestant> {
        if self.only.is_empty() { Contestant::ALL.to_vec() } else { self.only.clone() }
    }

    pub fn rounds(&self) -> usize {
        if self.quick { 1 } else { self.rounds.max(1) }
    }

    pub fn seconds(&self) -> u64 {
        if self.quick { 2 } else { self.seconds.max(1) }
    }
}

fn contestant(name: &str) -> Result<Contestant, String> {
    let known = Contestant::ALL.map(Contestant::name).join(", ");
    Contestant::ALL.into_iter().find(|known| known.name() == name).ok_or(format!("one of {known}"))
}
