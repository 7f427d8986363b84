//! What processes use: time of the processor, and memory.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// One line of `/proc/<pid>/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    pid: u32,
    parent: u32,
    /// Of the process itself, all threads together, and of all its children that have ended and were waited for: so the
    /// sum over a tree never falls when a process in it ends, and counts nothing twice.
    ticks: u64,
}

impl Stat {
    /// A program may call itself anything, with blanks and parentheses; the last one closes its name.
    fn parse(line: &str) -> Option<Self> {
        let (pid, rest) = line.split_once(" (")?;
        let fields: Vec<_> = rest.rsplit_once(") ")?.1.split(' ').collect();
        let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
        let ticks = number(11)? + number(12)? + number(13)? + number(14)?;
        Some(Self { pid: pid.parse().ok()?, parent: fields.get(1)?.parse().ok()?, ticks })
    }
}

/// The time that a process and all below it have had so far.
pub fn processor_time(root: u32) -> Result<Duration> {
    let ticks = ticks_of_tree(&everyone()?, root);
    Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// The time of this process alone: what it has started are its children, too.
pub fn own_processor_time() -> Result<Duration> {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Ok(Duration::new(used.tv_sec.try_into()?, used.tv_nsec.try_into()?))
}

fn everyone() -> Result<Vec<Stat>> {
    let processes = fs::read_dir("/proc").context("this needs Linux")?.flatten();
    let lines = processes.filter_map(|process| fs::read_to_string(process.path().join("stat")).ok());
    Ok(lines.filter_map(|line| Stat::parse(&line)).collect())
}

fn ticks_of_tree(stats: &[Stat], root: u32) -> u64 {
    let parents: HashMap<_, _> = stats.iter().map(|stat| (stat.pid, stat.parent)).collect();
    let below = |mut pid: u32| {
        while pid != root && pid != 0 {
            pid = parents.get(&pid).copied().unwrap_or(0);
        }
        pid == root
    };
    stats.iter().filter(|stat| below(stat.pid)).map(|stat| stat.ticks).sum()
}

/// KiB of memory that a process holds.
pub fn memory(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    resident(&status).context("a process without memory")
}

fn resident(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the kernel writes it: 42 is the parent, then come 100 + 20 ticks of its own and 3000 + 400 of the dead.
    const LINE: &str = "77 (a (strange) name) S 42 77 77 0 -1 4194560 500 600 7 8 100 20 3000 400 20 0 3 0 12345 \
                        1000000 250 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n";

    #[test]
    fn a_line_is_read_whatever_the_program_is_called() {
        assert_eq!(Stat::parse(LINE), Some(Stat { pid: 77, parent: 42, ticks: 3_520 }));
        assert_eq!(Stat::parse("77 (short) S 42"), None);
    }

    #[test]
    fn a_tree_is_counted_with_all_below_and_nobody_beside() {
        let stat = |pid, parent, ticks| Stat { pid, parent, ticks };
        let stats = [stat(1, 0, 1_000), stat(5, 1, 10), stat(6, 5, 20), stat(7, 6, 30), stat(8, 1, 500)];
        assert_eq!(ticks_of_tree(&stats, 5), 60);
    }

    #[test]
    fn time_that_is_spent_is_seen_and_a_child_that_ended_is_not_forgotten() {
        let me = std::process::id();
        let before = processor_time(me).unwrap();
        let mut child = std::process::Command::new("sh");
        child.args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]);
        assert!(child.status().unwrap().success());
        assert!(processor_time(me).unwrap() > before);
    }

    #[test]
    fn memory_is_read() {
        assert_eq!(resident("Name:\tx\nVmHWM:\t  99 kB\nVmRSS:\t    5120 kB\n"), Some(5_120.0));
        assert!(memory(std::process::id()).unwrap() > 100.0);
    }
}
