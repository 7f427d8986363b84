//! What a delivery costs as there is more of everything.

use anyhow::Result;

use crate::bench::{Bench, per_processor_second};
use crate::contestant::{Contestant, Running};
use crate::layout::Layout;
use crate::load::Pace;
use crate::scenarios::talk::{PER_PROCESSOR_SECOND, crowd, faults, talk};

pub const MEMBERS: &str = "growth of one chat: deliveries/CPU-s by its members, 10 writers";
pub const CHATS: &str =
    "growth in number: deliveries/CPU-s by chats of 5 among 1,000 people, 10 posts at a time";

pub const SIZES: [(&str, usize); 4] = [("10", 10), ("100", 100), ("1,000", 1_000), ("10,000", 10_000)];
const AT_A_TIME: usize = 10;

/// Only ours: its own smallest size is what each is compared with.
pub fn run(bench: &mut Bench) {
    if !bench.contestants.contains(&Contestant::Chatire) {
        return;
    }
    for _ in 0..bench.rounds {
        let sizes = if bench.long { SIZES.len() } else { SIZES.len() - 1 };
        for &(size, members) in &SIZES[..sizes] {
            grow(bench, MEMBERS, size, &Layout::new(members, 1, members));
        }
        for (size, chats) in SIZES {
            grow(bench, CHATS, size, &Layout::new(1_000, chats, 5));
        }
    }
}

fn grow(bench: &mut Bench, scenario: &'static str, size: &'static str, layout: &Layout) {
    let measured = |bench: &mut Bench, running: &Running| measure(bench, scenario, size, layout, running);
    bench.turn(Contestant::Chatire, scenario, layout, measured);
}

fn measure(
    bench: &mut Bench,
    scenario: &'static str,
    size: &'static str,
    layout: &Layout,
    running: &Running,
) -> Result<()> {
    let mut crowd = crowd(running, layout)?;
    let outcome = talk(bench, running, &mut crowd, &layout.lanes(AT_A_TIME), Pace::Closed)?;
    let posts = outcome.posts as f64 / outcome.seconds;
    let figures = [(PER_PROCESSOR_SECOND, per_processor_second(&outcome)), ("posts/s", posts)];
    bench.results.add(scenario, size, figures.into_iter().chain(faults(&outcome)));
    Ok(())
}
