//! CPU time and memory of processes.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Fields of `/proc/<pid>/stat`.
#[derive(Debug, PartialEq, Eq)]
struct ProcStat {
    pid: u32,
    parent: u32,
    /// Of all threads of the process, and of its children that have ended and were waited for: the sum over a process
    /// tree never falls when a process ends, and counts nothing twice.
    ticks: u64,
}

impl ProcStat {
    /// A process name may contain blanks and parentheses; the last parenthesis ends it.
    fn parse(line: &str) -> Option<Self> {
        let (pid, rest) = line.split_once(" (")?;
        let fields: Vec<_> = rest.rsplit_once(") ")?.1.split(' ').collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        let ticks = number(11)? + number(12)? + number(13)? + number(14)?;
        Some(Self { pid: pid.parse().ok()?, parent: fields.get(1)?.parse().ok()?, ticks })
    }
}

/// The CPU time of a process and its descendants.
pub fn cpu_time(root: u32) -> Result<Duration> {
    let ticks = sum_tree_ticks(&read_all_stats()?, root);
    Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// The CPU time of this process, without its children.
pub fn own_cpu_time() -> Result<Duration> {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Ok(Duration::new(used.tv_sec.try_into()?, used.tv_nsec.try_into()?))
}

fn read_all_stats() -> Result<Vec<ProcStat>> {
    let processes = fs::read_dir("/proc").context("/proc is only available on Linux")?.flatten();
    let lines = processes.filter_map(|process| fs::read_to_string(process.path().join("stat")).ok());
    Ok(lines.filter_map(|line| ProcStat::parse(&line)).collect())
}

fn sum_tree_ticks(stats: &[ProcStat], root: u32) -> u64 {
    let parents: HashMap<_, _> = stats.iter().map(|stat| (stat.pid, stat.parent)).collect();
    let is_in_tree = |mut pid: u32| {
        while pid != root && pid != 0 {
            pid = parents.get(&pid).copied().unwrap_or(0);
        }
        pid == root
    };
    stats.iter().filter(|stat| is_in_tree(stat.pid)).map(|stat| stat.ticks).sum()
}

/// The resident memory.
pub fn memory_kib(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    parse_resident_kib(&status).context("a process without VmRSS")
}

fn parse_resident_kib(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernel's format: 42 is the parent; then follow 100 + 20 own ticks and 3000 + 400 of ended children.
    const LINE: &str = "77 (a (strange) name) S 42 77 77 0 -1 4194560 500 600 7 8 100 20 3000 400 20 0 3 0 12345 \
                        1000000 250 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n";

    #[test]
    fn stat_line_with_odd_program_name_is_parsed() {
        assert_eq!(ProcStat::parse(LINE), Some(ProcStat { pid: 77, parent: 42, ticks: 3_520 }));
        assert_eq!(ProcStat::parse("77 (short) S 42"), None);
    }

    #[test]
    fn tree_ticks_include_all_descendants() {
        let stat = |pid, parent, ticks| ProcStat { pid, parent, ticks };
        let stats = [stat(1, 0, 1_000), stat(5, 1, 10), stat(6, 5, 20), stat(7, 6, 30), stat(8, 1, 500)];
        assert_eq!(sum_tree_ticks(&stats, 5), 60);
    }

    #[test]
    fn cpu_time_includes_ended_children() {
        let me = std::process::id();
        let before = cpu_time(me).unwrap();
        let mut child = std::process::Command::new("sh");
        child.args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]);
        assert!(child.status().unwrap().success());
        assert!(cpu_time(me).unwrap() > before);
    }

    #[test]
    fn resident_memory_is_parsed() {
        assert_eq!(parse_resident_kib("Name:\tx\nVmHWM:\t  99 kB\nVmRSS:\t    5120 kB\n"), Some(5_120.0));
        assert!(memory_kib(std::process::id()).unwrap() > 100.0);
    }
}
