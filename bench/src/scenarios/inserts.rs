//! What PostgreSQL does by itself when each message is an insert of its own.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::bench::Bench;

pub const NAME: &str = "PostgreSQL alone: inserts of 32 clients by pgbench";
pub const WHO: &str = "pgbench";
pub const RATE: &str = "inserts/s";

const CLIENTS: &str = "32";
const SCRIPT: &str = "\\set chat random(1, 10)
INSERT INTO messages (chat_id, user_id, client_id, message)
VALUES (:chat, :client_id + 1, gen_random_uuid(), repeat('tea ', 25));
";

pub fn run(bench: &mut Bench) {
    for _ in 0..bench.rounds {
        match measure(bench) {
            Ok(rate) => {
                println!("  {WHO:<10} {rate:>9.0} inserts/s");
                bench.results.add(NAME, WHO, [(RATE, rate)]);
            }
            Err(error) => bench.results.skip(Some(NAME), WHO, format!("{error:#}")),
        }
    }
}

fn measure(bench: &mut Bench) -> Result<f64> {
    let fresh = bench.database.fresh()?;
    bench.database.make_plain_table(&fresh)?;
    bench.database.settle(&fresh)?;
    let script = bench.database.folder().join("insert.sql");
    fs::write(&script, SCRIPT)?;
    let mut pgbench = bench.cores.beside_the_load("pgbench");
    pgbench.args(["--no-vacuum", "--protocol=prepared", "--client", CLIENTS]);
    pgbench.arg("--time").arg(bench.seconds.to_string()).arg("--file").arg(script);
    let output = pgbench.arg(&fresh.url).output().context("pgbench cannot be run")?;
    bench.database.remove(&fresh)?;
    if !output.status.success() {
        bail!("pgbench: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    rate(&String::from_utf8_lossy(&output.stdout)).context("pgbench names no rate")
}

fn rate(report: &str) -> Option<f64> {
    let line = report.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read() {
        let report = "latency average = 2.9 ms\ntps = 10934.125 (without initial connection time)\n";
        assert_eq!(rate(report), Some(10_934.125));
    }
}
