//! What a socket costs on which nothing is said.

use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;

use crate::bench::Bench;
use crate::contestant::Running;
use crate::layout::Layout;
use crate::sockets::{Guest, Sockets};
use crate::usage;

pub const MANY: &str = "10,000 idle sockets";
pub const MANY_LISTENING: &str = "10,000 idle sockets, each listening to a chat";
pub const EACH: &str = "KiB a socket";
pub const OPENED: &str = "opened";

const COUNTS: [usize; 2] = [2_000, 10_000];
const CHATS: usize = 100;
/// Memory comes and goes for a moment after the last socket has opened; no event tells that it has settled.
const SETTLING: Duration = Duration::from_secs(1);

/// Once, since memory does not scatter as time does: merely open, and listening to a chat of a hundred.
pub fn run(bench: &mut Bench) {
    let most = COUNTS[COUNTS.len() - 1];
    let layout = Layout::new(most, CHATS, most / CHATS);
    for contestant in bench.contestants.clone() {
        for joins in [false, true] {
            let scenario = names(joins)[0];
            bench.turn(contestant, scenario, &layout, |bench, running| {
                measure(bench, running, &layout, joins)
            });
        }
    }
}

fn measure(bench: &mut Bench, running: &Running, layout: &Layout, joins: bool) -> Result<()> {
    let contestant = running.contestant;
    let guest = |person: usize| Guest {
        person: running.people[person].clone(),
        chats: if joins { layout.chats_of(person) } else { Vec::new() },
    };
    let before = usage::memory(running.pid())?;
    let mut sockets = Sockets::open(contestant.dialect(), running.address, &[])?;
    let mut opened = 0;
    for (count, name) in COUNTS.into_iter().zip(names(joins)) {
        let guests: Vec<_> = (opened..count).map(guest).collect();
        sockets.add(running.address, &guests)?;
        opened = count;
        sleep(SETTLING);
        let (open, now) = (sockets.count_open(), usage::memory(running.pid())?);
        let each = (now - before) / open as f64;
        println!("  {:<10} {open} of {count} open, {each:.2} KiB each", contestant.name());
        let figures = [(EACH, each), (OPENED, open as f64), ("asked", count as f64)];
        bench.results.add(name, contestant.name(), figures);
    }
    Ok(())
}

fn names(joins: bool) -> [&'static str; 2] {
    if joins {
        ["2,000 idle sockets, each listening to a chat", MANY_LISTENING]
    } else {
        ["2,000 idle sockets", MANY]
    }
}
