//! Posts and history over HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::bench::{Bench, Usage, millis};
use crate::contestant::{Contestant, Running};
use crate::http::{Asking, Outcome};
use crate::layout::Layout;
use crate::mark::{self, Mark, Random};
use crate::scenarios::talk::{LOAD, P99, load_share};

const CONNECTIONS: usize = 32;
const CHATS: usize = 10;
const PAGE: usize = 50;
/// So many, and no chat has less than a page, though some have fewer connections than others.
const ENOUGH: usize = 2 * CHATS * PAGE;

pub const POSTS: &str = "REST: durable posts, 32 connections, 10 chats";
pub const HISTORY: &str = "REST: history of 50, 32 connections";
pub const CANNED: &str = "raw HTTP: as many bytes as our history, from memory";

pub const RATE: &str = "answers/s";

pub fn run(bench: &mut Bench) {
    let layout = Layout::new(CONNECTIONS, CHATS, CONNECTIONS);
    let mut bytes = None;
    for contestant in bench.turns() {
        if contestant.has_rest() {
            let length = bench.turn(contestant, POSTS, &layout, |bench, running| {
                posts(bench, running)?;
                history(bench, running)
            });
            bytes = if contestant == Contestant::Chatire { length } else { bytes };
        } else if let (Contestant::Raw, Some(bytes)) = (contestant, bytes) {
            bench.turn(contestant, CANNED, &layout, |bench, running| canned(bench, running, bytes));
        }
    }
}

fn posts(bench: &mut Bench, running: &Running) -> Result<()> {
    let (dialect, mut random, mut counter) = (running.contestant.dialect(), Random(1), 0);
    let people = &running.people;
    let mut ask = |connection: usize| {
        counter += 1;
        let mark = Mark { lane: connection, counter };
        dialect.post_request(&people[connection], connection % CHATS, &mark.id(random.next()), &mark.text(0))
    };
    let outcome = asked(bench, running, &mut ask, |body| mark::count(body) == 1)?;
    let (acknowledged, mut stored) = (outcome.answers, bench.database.count_messages(&running.database)?);
    ensure!(stored >= acknowledged, "{acknowledged} posts were acknowledged, but only {stored} stored");
    add(bench, POSTS, running.contestant, &outcome);
    while stored < ENOUGH {
        asked(bench, running, &mut ask, |_| true)?;
        stored = bench.database.count_messages(&running.database)?;
    }
    Ok(())
}

fn history(bench: &mut Bench, running: &Running) -> Result<usize> {
    let (dialect, people) = (running.contestant.dialect(), &running.people);
    let ask = |connection: usize| dialect.history_request(&people[connection], connection % CHATS, PAGE);
    let outcome = asked(bench, running, ask, |body| mark::count(body) == PAGE)?;
    add(bench, HISTORY, running.contestant, &outcome);
    bench.results.add(HISTORY, running.contestant.name(), [("bytes", outcome.length as f64)]);
    Ok(outcome.length)
}

fn canned(bench: &mut Bench, running: &Running, bytes: usize) -> Result<()> {
    let ask = |_| format!("GET /canned/{bytes} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let outcome = asked(bench, running, ask, |body| body.len() == bytes)?;
    add(bench, CANNED, running.contestant, &outcome);
    Ok(())
}

fn asked(
    bench: &Bench,
    running: &Running,
    ask: impl FnMut(usize) -> String,
    check: impl Fn(&[u8]) -> bool,
) -> Result<Outcome<Usage>> {
    let length = Duration::from_secs(bench.seconds);
    let address: SocketAddr = running.address;
    Asking { connections: CONNECTIONS, warm_up: length / 3, length, ask, check }
        .run(address, bench.usage(running))
}

fn add(bench: &mut Bench, scenario: &'static str, who: Contestant, outcome: &Outcome<Usage>) {
    let rate = outcome.answers as f64 / outcome.seconds;
    println!("  {:<10} {rate:>9.0} answers/s", who.name());
    bench.results.add(
        scenario,
        who.name(),
        [
            (RATE, rate),
            ("answers/CPU-s", outcome.answers as f64 / outcome.after.since(outcome.before)),
            ("p50 ms", millis(&outcome.latency, 0.5)),
            (LOAD, load_share(outcome.before, outcome.after, outcome.seconds)),
            (P99, millis(&outcome.latency, 0.99)),
        ],
    );
}
