//! The cost of a delivery with growing numbers of members and chats.

use anyhow::Result;

use crate::bench::{Bench, per_cpu_second};
use crate::layout::Layout;
use crate::load_generator::PostingPace;
use crate::scenarios::messaging::{PER_CPU_SECOND, fault_figures, open_generator, run_load};
use crate::target::{Running, Target};

pub const MEMBERS: &str = "growth of one chat: deliveries/CPU-s by its members, 10 writers";
pub const CHATS: &str =
    "growth in number: deliveries/CPU-s by chats of 5 among 1,000 users, 10 posts at a time";

pub const SIZES: [(&str, usize); 4] = [("10", 10), ("100", 100), ("1,000", 1_000), ("10,000", 10_000)];
const WRITER_GROUPS: usize = 10;

/// Only for our server, which is compared with its own smallest size.
pub fn run(bench: &mut Bench) {
    if !bench.targets.contains(&Target::Chatire) {
        return;
    }
    for _ in 0..bench.rounds {
        let sizes = if bench.long { SIZES.len() } else { SIZES.len() - 1 };
        for &(size, members) in &SIZES[..sizes] {
            run_size(bench, MEMBERS, size, &Layout::new(members, 1, members));
        }
        for (size, chats) in SIZES {
            run_size(bench, CHATS, size, &Layout::new(1_000, chats, 5));
        }
    }
}

fn run_size(bench: &mut Bench, scenario: &'static str, size: &'static str, layout: &Layout) {
    let measured = |bench: &mut Bench, running: &Running| measure(bench, scenario, size, layout, running);
    bench.run_target(Target::Chatire, scenario, layout, measured);
}

fn measure(
    bench: &mut Bench,
    scenario: &'static str,
    size: &'static str,
    layout: &Layout,
    running: &Running,
) -> Result<()> {
    let mut generator = open_generator(running, layout)?;
    let outcome =
        run_load(bench, running, &mut generator, &layout.writer_groups(WRITER_GROUPS), PostingPace::Closed)?;
    let posts = outcome.posts as f64 / outcome.seconds;
    let figures = [(PER_CPU_SECOND, per_cpu_second(&outcome)), ("posts/s", posts)];
    bench.results.add(scenario, size, figures.into_iter().chain(fault_figures(&outcome)));
    Ok(())
}
