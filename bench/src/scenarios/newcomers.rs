//! People who open the link of a chat for the first time: each creates a guest, joins, gets a ticket, opens a socket with it
//! and subscribes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use shared::paths;
use ws_frame::client::{encode_masked, for_each_frame};
use ws_frame::opcode;

use crate::bench::{Bench, CpuUsage};
use crate::http_load::parse_response;
use crate::layout::Layout;
use crate::protocol_adapter::{ProtocolAdapter, ServerEvent, chat_uri};
use crate::scenarios::messaging::{LOAD, load_percent};
use crate::target::{Running, Target};

pub const NAME: &str = "newcomers: guest, join, ticket, socket and subscription; 32 at a time, 200 chats";
pub const RATE: &str = "newcomers/CPU-s";

const PARALLEL: usize = 32;
const CHATS: usize = 200;
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Only for our server: the others have no accounts.
pub fn run(bench: &mut Bench) {
    if !bench.targets.contains(&Target::Chatire) {
        return;
    }
    let layout = Layout::new(CHATS, CHATS, 1);
    for _ in 0..bench.rounds {
        bench.run_target(Target::Chatire, NAME, &layout, measure);
    }
}

fn measure(bench: &mut Bench, running: &Running) -> Result<()> {
    let probe = bench.usage_probe(running);
    let duration = Duration::from_secs(bench.seconds);
    let (arrived, stop, address) = (AtomicUsize::new(0), AtomicBool::new(false), running.address);
    let arrive_in_turn = |first: usize| {
        let mut chat = first;
        while !stop.load(Ordering::Relaxed) {
            arrive(address, chat % CHATS)?;
            arrived.fetch_add(1, Ordering::Relaxed);
            chat += PARALLEL;
        }
        anyhow::Ok(())
    };
    let measured = thread::scope(|scope| {
        let arrive_in_turn = &arrive_in_turn;
        let visitors: Vec<_> =
            (0..PARALLEL).map(|first| scope.spawn(move || arrive_in_turn(first))).collect();
        sleep(duration / 3);
        let (before, from, arrived_before) = (probe(), Instant::now(), arrived.load(Ordering::Relaxed));
        sleep(duration);
        let (after, seconds) = (probe(), from.elapsed().as_secs_f64());
        let count = arrived.load(Ordering::Relaxed) - arrived_before;
        stop.store(true, Ordering::Relaxed);
        visitors.into_iter().try_for_each(|visitor| visitor.join().ok().context("a thread panicked")?)?;
        anyhow::Ok(Measured { before: before?, after: after?, seconds, count })
    })?;
    record_result(bench, running, &measured);
    Ok(())
}

struct Measured {
    before: CpuUsage,
    after: CpuUsage,
    seconds: f64,
    count: usize,
}

fn record_result(bench: &mut Bench, running: &Running, measured: &Measured) {
    let Measured { before, after, seconds, count } = *measured;
    let used = after.cpu_seconds_since(before);
    let server = after.server.saturating_sub(before.server).as_secs_f64();
    let per_newcomer = |cpu_seconds: f64| 1_000.0 * cpu_seconds / count as f64;
    println!("  {:<10} {:>9.0} newcomers per processor-second", running.target.name(), count as f64 / used);
    bench.results.add(
        NAME,
        running.target.name(),
        [
            (RATE, count as f64 / used),
            ("newcomers/s", count as f64 / seconds),
            ("ms of the server each", per_newcomer(server)),
            ("ms of PostgreSQL each", per_newcomer(used - server)),
            (LOAD, load_percent(before, after, seconds)),
        ],
    );
}

/// One newcomer, on one connection.
fn arrive(address: SocketAddr, chat: usize) -> Result<()> {
    let mut visitor = Visitor::connect(address)?;
    let created = visitor.request("POST", paths::GUEST, "", "{}")?;
    let token = created["token"].as_str().context("no token")?.to_owned();
    let joined = visitor.request("PATCH", &paths::CHAT.replace("{uri}", &chat_uri(chat)), &token, "{}")?;
    let issued = visitor.request("POST", paths::TICKETS, &token, "")?;
    visitor.open_socket(issued["ticket"].as_str().context("no ticket")?)?;
    visitor.wait_for_frame(&ServerEvent::Welcome)?;
    let subscribe = json!({
        "type": "subscribe", "chat_id": joined["chat"]["id"], "after": joined["head"], "epoch": joined["epoch"]
    });
    visitor.stream.write_all(&encode_masked(opcode::TEXT, subscribe.to_string().as_bytes()))?;
    visitor.wait_for_frame(&ServerEvent::Messages)
}

struct Visitor {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Visitor {
    fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(RESPONSE_TIMEOUT))?;
        Ok(Self { stream, received: Vec::new() })
    }

    fn request(&mut self, method: &str, path: &str, token: &str, body: &str) -> Result<Value> {
        let authorization =
            if token.is_empty() { String::new() } else { format!("Authorization: JWT {token}\r\n") };
        write!(
            self.stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{authorization}Content-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        loop {
            self.receive()?;
            if let Some(body) = parse_response(&self.received)? {
                let value = serde_json::from_slice(body)?;
                self.received.clear();
                return Ok(value);
            }
        }
    }

    fn open_socket(&mut self, ticket: &str) -> Result<()> {
        write!(
            self.stream,
            "GET {} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHRlYSBpcyBncmV5IQ==\r\n\
             Sec-WebSocket-Protocol: chatire.v1, {ticket}\r\nOrigin: http://localhost\r\n\r\n",
            paths::SOCKET
        )?;
        loop {
            self.receive()?;
            if let Some(end) = memchr::memmem::find(&self.received, b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.received[..end]);
                ensure!(head.starts_with("HTTP/1.1 101"), "no socket: {head}");
                self.received.drain(..end + 4);
                return Ok(());
            }
        }
    }

    fn wait_for_frame(&mut self, expected: &ServerEvent) -> Result<()> {
        loop {
            let mut events = Vec::new();
            let taken = for_each_frame(&self.received, |opcode, payload| {
                if opcode == opcode::TEXT {
                    events.push(ProtocolAdapter::Chatire.parse_frame(payload));
                }
            });
            self.received.drain(..taken);
            if events.contains(&ServerEvent::Refused) {
                bail!("the server refused the subscription");
            }
            if events.contains(expected) {
                return Ok(());
            }
            self.receive()?;
        }
    }

    fn receive(&mut self) -> Result<()> {
        let mut bytes = [0; 16 * 1_024];
        let count = self.stream.read(&mut bytes).context("no response")?;
        ensure!(count > 0, "the server closed the connection");
        self.received.extend(&bytes[..count]);
        Ok(())
    }
}
