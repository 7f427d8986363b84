//! The memory of idle sockets.

use std::ops::Range;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;

use crate::bench::Bench;
use crate::layout::Layout;
use crate::process_stats;
use crate::socket_pool::{SocketPool, SocketSpec};
use crate::target::Running;

pub const MANY: &str = "10,000 idle sockets";
pub const MANY_SUBSCRIBED: &str = "10,000 idle sockets, each listening to a chat";
pub const KIB_PER_SOCKET: &str = "KiB a socket";
pub const OPENED: &str = "opened";

const COUNTS: [usize; 2] = [2_000, 10_000];
const CHATS: usize = 100;
/// Memory changes for a moment after the last socket opened, and no event signals when it has settled.
const SETTLE_TIME: Duration = Duration::from_secs(1);

/// Runs once, because memory does not scatter: with sockets that are only open, and with sockets subscribed to a chat
/// of a hundred.
pub fn run(bench: &mut Bench) {
    let largest = COUNTS[COUNTS.len() - 1];
    let layout = Layout::new(largest, CHATS, largest / CHATS);
    for target in bench.targets.clone() {
        for joins in [false, true] {
            let scenario = scenario_names(joins)[0];
            bench.run_target(target, scenario, &layout, |bench, running| {
                measure(bench, running, &layout, joins)
            });
        }
    }
}

fn measure(bench: &mut Bench, running: &Running, layout: &Layout, joins: bool) -> Result<()> {
    let target = running.target;
    let before = process_stats::memory_kib(running.pid())?;
    let mut sockets = SocketPool::open(target.adapter(), running.address, &[])?;
    let mut opened = 0;
    for (count, name) in COUNTS.into_iter().zip(scenario_names(joins)) {
        sockets.open_more(running.address, &specs(running, layout, opened..count, joins))?;
        opened = count;
        sleep(SETTLE_TIME);
        let (open, now) = (sockets.count_open(), process_stats::memory_kib(running.pid())?);
        let each = (now - before) / open as f64;
        println!("  {:<10} {open} of {count} open, {each:.2} KiB each", target.name());
        let figures = [(KIB_PER_SOCKET, each), (OPENED, open as f64), ("asked", count as f64)];
        bench.results.add(name, target.name(), figures);
    }
    Ok(())
}

/// A socket for each of these users, subscribed to the chats of the user if it `joins`.
pub fn specs(running: &Running, layout: &Layout, users: Range<usize>, joins: bool) -> Vec<SocketSpec> {
    let chats = |user| if joins { layout.chats_of(user) } else { Vec::new() };
    users.map(|user| SocketSpec { user: running.users[user].clone(), chats: chats(user) }).collect()
}

fn scenario_names(joins: bool) -> [&'static str; 2] {
    if joins {
        ["2,000 idle sockets, each listening to a chat", MANY_SUBSCRIBED]
    } else {
        ["2,000 idle sockets", MANY]
    }
}
