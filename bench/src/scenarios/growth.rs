//! The cost of a delivery with growing numbers of members and chats.

use anyhow::Result;

use crate::bench::{Bench, per_cpu_second};
use crate::layout::{Layout, WriterGroup};
use crate::load_generator::{LoadGenerator, PostingPace};
use crate::scenarios::messaging::{PER_CPU_SECOND, fault_figures, open_generator, run_load};
use crate::target::{Running, Target};

pub const MEMBERS: &str = "growth of one chat: deliveries/CPU-s by its members, 10 writers";
pub const CHATS: &str =
    "growth in number: deliveries/CPU-s by chats of 2 among as many users, 10 posts at a time";
pub const QUIET_CHATS: &str =
    "growth in number: deliveries/CPU-s by chats of 2 among as many users, who post once a minute";

pub const SIZES: [(&str, usize); 4] = [("10", 10), ("100", 100), ("1,000", 1_000), ("10,000", 10_000)];
const WRITER_GROUPS: usize = 10;
/// With fewer chats, one post a minute of each user costs less than the clock of CPU time can measure.
const QUIET_CHATS_MIN: usize = 1_000;
const QUIET_POSTS_PER_SECOND: f64 = 1.0 / 60.0;
/// Quiet chats are measured for this many times as long as others: some 500 posts in 1,000 chats.
const QUIET_DURATION: u64 = 6;

/// Only for our server, which is compared with its own smallest size.
pub fn run(bench: &mut Bench) {
    if !bench.targets.contains(&Target::Chatire) {
        return;
    }
    for _ in 0..bench.rounds {
        let sizes = if bench.long { SIZES.len() } else { SIZES.len() - 1 };
        for &(size, members) in &SIZES[..sizes] {
            let layout = Layout::new(members, 1, members);
            bench.run_target(Target::Chatire, MEMBERS, &layout, |bench, running| {
                let mut generator = open_generator(running, &layout)?;
                let writers = layout.writer_groups(WRITER_GROUPS);
                measure(bench, (MEMBERS, size), running, &mut generator, &writers, PostingPace::Closed)
            });
        }
        for (size, chats) in SIZES {
            // Each user is in two chats, with one socket.
            let layout = Layout::new(chats, chats, 2);
            bench.run_target(Target::Chatire, CHATS, &layout, |bench, running| {
                measure_chats(bench, size, &layout, running)
            });
        }
    }
}

/// With the same sockets: as people write, then as fast as possible.
fn measure_chats(bench: &mut Bench, size: &'static str, layout: &Layout, running: &Running) -> Result<()> {
    let mut generator = open_generator(running, layout)?;
    let writers = layout.groups_of_everyone(WRITER_GROUPS);
    if layout.chats >= QUIET_CHATS_MIN {
        let pace = PostingPace::PerSecond(layout.users as f64 * QUIET_POSTS_PER_SECOND);
        bench.seconds *= QUIET_DURATION;
        let measured = measure(bench, (QUIET_CHATS, size), running, &mut generator, &writers, pace);
        bench.seconds /= QUIET_DURATION;
        measured?;
    }
    measure(bench, (CHATS, size), running, &mut generator, &writers, PostingPace::Closed)
}

fn measure(
    bench: &mut Bench,
    (scenario, size): (&'static str, &'static str),
    running: &Running,
    generator: &mut LoadGenerator,
    writers: &[WriterGroup],
    pace: PostingPace,
) -> Result<()> {
    let outcome = run_load(bench, running, generator, writers, pace)?;
    let posts = outcome.posts as f64 / outcome.seconds;
    let figures = [(PER_CPU_SECOND, per_cpu_second(&outcome)), ("posts/s", posts)];
    bench.results.add(scenario, size, figures.into_iter().chain(fault_figures(&outcome)));
    Ok(())
}
