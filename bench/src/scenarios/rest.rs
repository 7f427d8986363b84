//! Posts and history over HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::bench::{Bench, CpuUsage, quantile_millis};
use crate::http_load::{HttpLoad, HttpResult};
use crate::layout::Layout;
use crate::marker::{self, Marker, Random};
use crate::scenarios::messaging::{LOAD, P99, load_percent};
use crate::target::{Running, Target};

const CONNECTIONS: usize = 32;
const CHATS: usize = 10;
const PAGE: usize = 50;
/// Enough that every chat has a full page, though some have fewer connections than others.
const STORED_MIN: usize = 2 * CHATS * PAGE;

pub const POSTS: &str = "REST: durable posts, 32 connections, 10 chats";
pub const HISTORY: &str = "REST: history of 50, 32 connections";
pub const CANNED: &str = "raw HTTP: as many bytes as our history, from memory";

pub const RATE: &str = "responses/s";

pub fn run(bench: &mut Bench) {
    let layout = Layout::new(CONNECTIONS, CHATS, CONNECTIONS);
    let mut bytes = None;
    for target in bench.schedule() {
        if target.has_rest() {
            let length = bench.run_target(target, POSTS, &layout, |bench, running| {
                measure_posts(bench, running)?;
                measure_history(bench, running)
            });
            bytes = if target == Target::Chatire { length } else { bytes };
        } else if let (Target::Raw, Some(bytes)) = (target, bytes) {
            bench.run_target(target, CANNED, &layout, |bench, running| measure_canned(bench, running, bytes));
        }
    }
}

fn measure_posts(bench: &mut Bench, running: &Running) -> Result<()> {
    let (adapter, mut random, mut counter) = (running.target.adapter(), Random(1), 0);
    let users = &running.users;
    let mut next_request = |connection: usize| {
        counter += 1;
        let marker = Marker { group: connection, counter };
        adapter.post_request(
            &users[connection],
            connection % CHATS,
            &marker.client_id(random.next()),
            &marker.message_text(0),
        )
    };
    let outcome = run_requests(bench, running, &mut next_request, |body| marker::count_markers(body) == 1)?;
    let (acknowledged, mut stored) = (outcome.responses, bench.database.count_messages(&running.database)?);
    ensure!(stored >= acknowledged, "{acknowledged} posts were acknowledged, but only {stored} stored");
    record_result(bench, POSTS, running.target, &outcome);
    while stored < STORED_MIN {
        run_requests(bench, running, &mut next_request, |_| true)?;
        stored = bench.database.count_messages(&running.database)?;
    }
    Ok(())
}

fn measure_history(bench: &mut Bench, running: &Running) -> Result<usize> {
    let (adapter, users) = (running.target.adapter(), &running.users);
    let next_request =
        |connection: usize| adapter.history_request(&users[connection], connection % CHATS, PAGE);
    let outcome = run_requests(bench, running, next_request, |body| marker::count_markers(body) == PAGE)?;
    record_result(bench, HISTORY, running.target, &outcome);
    bench.results.add(HISTORY, running.target.name(), [("bytes", outcome.length as f64)]);
    Ok(outcome.length)
}

fn measure_canned(bench: &mut Bench, running: &Running, bytes: usize) -> Result<()> {
    let next_request = |_| format!("GET /canned/{bytes} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let outcome = run_requests(bench, running, next_request, |body| body.len() == bytes)?;
    record_result(bench, CANNED, running.target, &outcome);
    Ok(())
}

fn run_requests(
    bench: &Bench,
    running: &Running,
    next_request: impl FnMut(usize) -> String,
    is_valid: impl Fn(&[u8]) -> bool,
) -> Result<HttpResult<CpuUsage>> {
    let duration = Duration::from_secs(bench.seconds);
    let address: SocketAddr = running.address;
    HttpLoad { connections: CONNECTIONS, warm_up: duration / 3, duration, next_request, is_valid }
        .run(address, bench.usage_probe(running))
}

fn record_result(bench: &mut Bench, scenario: &'static str, target: Target, outcome: &HttpResult<CpuUsage>) {
    let rate = outcome.responses as f64 / outcome.seconds;
    println!("  {:<10} {rate:>9.0} responses/s", target.name());
    bench.results.add(
        scenario,
        target.name(),
        [
            (RATE, rate),
            ("responses/CPU-s", outcome.responses as f64 / outcome.after.cpu_seconds_since(outcome.before)),
            ("p50 ms", quantile_millis(&outcome.latency, 0.5)),
            (LOAD, load_percent(outcome.before, outcome.after, outcome.seconds)),
            (P99, quantile_millis(&outcome.latency, 0.99)),
        ],
    );
}
