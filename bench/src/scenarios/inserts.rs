//! PostgreSQL without a server: one insert per message.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::bench::Bench;

pub const NAME: &str = "PostgreSQL alone: inserts of 32 clients by pgbench";
pub const TARGET: &str = "pgbench";
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
                println!("  {TARGET:<10} {rate:>9.0} inserts/s");
                bench.results.add(NAME, TARGET, [(RATE, rate)]);
            }
            Err(error) => bench.results.skip(Some(NAME), TARGET, format!("{error:#}")),
        }
    }
}

fn measure(bench: &mut Bench) -> Result<f64> {
    let database = bench.database.create_database()?;
    bench.database.create_target_schema(&database)?;
    bench.database.vacuum_and_checkpoint(&database)?;
    let script = bench.database.dir().join("insert.sql");
    fs::write(&script, SCRIPT)?;
    let mut pgbench = bench.cores.load_command("pgbench");
    pgbench.args(["--no-vacuum", "--protocol=prepared", "--client", CLIENTS]);
    pgbench.arg("--time").arg(bench.seconds.to_string()).arg("--file").arg(script);
    let output = pgbench.arg(&database.url).output().context("cannot run pgbench")?;
    bench.database.drop_database(&database)?;
    if !output.status.success() {
        bail!("pgbench: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    parse_rate(&String::from_utf8_lossy(&output.stdout)).context("no rate in the output of pgbench")
}

fn parse_rate(report: &str) -> Option<f64> {
    let line = report.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pgbench_rate_is_parsed() {
        let report = "latency average = 2.9 ms\ntps = 10934.125 (without initial connection time)\n";
        assert_eq!(parse_rate(report), Some(10_934.125));
    }
}
