//! The memory of our server at rest, and a minute after a load that left.

use std::io::{Cursor, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::{self, sleep};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use image::{ImageFormat, RgbImage};
use serde_json::json;

use crate::bench::Bench;
use crate::layout::Layout;
use crate::process_stats;
use crate::scenarios::idle;
use crate::socket_pool::SocketPool;
use crate::target::{Running, Target};

pub const NAME: &str =
    "memory after 200 parallel sign-ins, 24 pictures of 22 MiB and 10,000 sockets that left";
pub const MEMORY: &str = "MiB a minute later";

const SIGN_INS: usize = 200;
const PICTURES: usize = 24;
const PICTURE_SIDE: u32 = 2_800;
const SOCKETS: usize = 10_000;
const CHATS: usize = 100;
const PASSWORD: &str = "kT9x!vb23Q";
/// No event signals when memory has been given back; the goal is a minute.
const SETTLE_TIME: Duration = Duration::from_mins(1);
/// The server has memory for three of the largest pictures at a time, and refuses others.
const UPLOADS_AT_A_TIME: usize = 3;
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Runs once, because memory does not scatter.
pub fn run(bench: &mut Bench) {
    if bench.targets.contains(&Target::Chatire) {
        let layout = Layout::new(SOCKETS, CHATS, SOCKETS / CHATS);
        bench.run_target(Target::Chatire, NAME, &layout, |bench, running| measure(bench, running, &layout));
    }
}

fn measure(bench: &mut Bench, running: &Running, layout: &Layout) -> Result<()> {
    let mib = || Ok::<_, anyhow::Error>(process_stats::memory_kib(running.pid())? / 1_024.0);
    let at_rest = mib()?;
    sign_in(running)?;
    upload_pictures(running)?;
    let specs = idle::specs(running, layout, 0..SOCKETS, true);
    let sockets = SocketPool::open(running.target.adapter(), running.address, &specs)?;
    sockets.ensure_all_open()?;
    let loaded = mib()?;
    drop(sockets);
    sleep(SETTLE_TIME);
    let settled = mib()?;
    println!("  {at_rest:.1} MiB at rest, {loaded:.1} with the sockets, {settled:.1} a minute later");
    let figures = [("MiB at rest", at_rest), ("MiB with the sockets", loaded), (MEMORY, settled)];
    bench.results.add(NAME, running.target.name(), figures);
    Ok(())
}

/// Seeded users have no password, so that these are new ones.
fn sign_in(running: &Running) -> Result<()> {
    for path in ["/auth/users/create/", "/auth/jwt/create/"] {
        send_parallel(running.address, SIGN_INS, SIGN_INS, |index| {
            let body = json!({ "username": format!("new{index}"), "password": PASSWORD }).to_string();
            (format!("POST {path} HTTP/1.1\r\nContent-Type: application/json\r\n"), body.into_bytes())
        })?;
    }
    Ok(())
}

fn upload_pictures(running: &Running) -> Result<()> {
    let picture = noise()?;
    send_parallel(running.address, PICTURES, UPLOADS_AT_A_TIME, |index| {
        let token = &running.users[index].token;
        let head = format!(
            "PUT /auth/me/avatar/ HTTP/1.1\r\nContent-Type: image/png\r\nAuthorization: JWT {token}\r\n"
        );
        (head, picture.clone())
    })
}

/// Sends each request on a connection of its own until it is accepted, so many at the same time.
fn send_parallel(
    address: SocketAddr,
    count: usize,
    parallel: usize,
    request: impl Fn(usize) -> (String, Vec<u8>) + Sync,
) -> Result<()> {
    let send_share = |first: usize| {
        for index in (first..count).step_by(parallel) {
            let (head, body) = request(index);
            while !send(address, &head, &body)? {
                sleep(RETRY_AFTER);
            }
        }
        anyhow::Ok(())
    };
    thread::scope(|scope| {
        let send_share = &send_share;
        let senders: Vec<_> = (0..parallel).map(|first| scope.spawn(move || send_share(first))).collect();
        senders.into_iter().try_for_each(|sender| sender.join().ok().context("a thread panicked")?)
    })
}

/// Returns false if the server is too busy. It does not read the body then, so that its response may be lost.
fn send(address: SocketAddr, head: &str, body: &[u8]) -> Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "{head}Host: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len())?;
    let mut response = Vec::new();
    let _ = stream.write_all(body).and_then(|()| stream.read_to_end(&mut response));
    let response = String::from_utf8_lossy(&response);
    let is_busy = response.is_empty() || response.starts_with("HTTP/1.1 503");
    ensure!(is_busy || response.starts_with("HTTP/1.1 20"), "refused: {response}");
    Ok(!is_busy)
}

/// A picture that does not compress.
fn noise() -> Result<Vec<u8>> {
    let mut state = 1_u64;
    let picture = RgbImage::from_fn(PICTURE_SIDE, PICTURE_SIDE, |_, _| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let [.., red, green, blue] = state.to_le_bytes();
        image::Rgb([red, green, blue])
    });
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner())
}
