//! Frames that violate the protocol or flood the server: they cost the sender the connection, and others nothing.

use std::time::Duration;

use shared::socket::close;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, tcp::OwnedReadHalf},
    time::{sleep, timeout},
};

use crate::{
    fixture::Fixture,
    flaky_connection::FlakyConnection,
    load::{Figures, Load},
    user::TestUser,
    writer::Transport,
};

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;
const FINAL: u8 = 0x80;
const MEMORY_MAX_KIB: u64 = 2 * 1024;
const CLOSE_TIMEOUT: Duration = Duration::from_mins(1);

/// A masked frame; its mask is zero.
fn frame(first: u8, body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len().min(126)).unwrap();
    let mut frame = vec![first, 0x80 | length];
    if length == 126 {
        frame.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    }
    frame.extend([0; 4]);
    frame.extend(body);
    frame
}

/// What the server sent until it closed the connection.
#[derive(Debug, Default)]
struct Received {
    pongs: usize,
    close_code: Option<u16>,
}

async fn read_to_end(mut stream: OwnedReadHalf) -> Received {
    let mut received = Received::default();
    while let Ok((first, body)) = read_frame(&mut stream).await {
        match first & 0xf {
            PONG => received.pongs += 1,
            CLOSE => received.close_code = body.first_chunk().copied().map(u16::from_be_bytes),
            _ => {}
        }
    }
    received
}

async fn read_frame(stream: &mut OwnedReadHalf) -> std::io::Result<(u8, Vec<u8>)> {
    let first = stream.read_u8().await?;
    let length = match stream.read_u8().await? {
        126 => usize::from(stream.read_u16().await?),
        127 => usize::try_from(stream.read_u64().await?).unwrap(),
        short => usize::from(short),
    };
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok((first, body))
}

/// Sends all chunks, or as many as the server reads.
async fn send(stream: TcpStream, chunks: impl Iterator<Item = Vec<u8>>) -> Received {
    let (from, mut to) = stream.into_split();
    let received = tokio::spawn(read_to_end(from));
    for chunk in chunks {
        if to.write_all(&chunk).await.is_err() {
            break;
        }
    }
    timeout(CLOSE_TIMEOUT, received).await.expect("the server closes the connection").unwrap()
}

/// A chat with a writer and a reader, and a hostile member.
struct Setup {
    fixture: Fixture,
    load: Load,
    mallory: TestUser,
}

impl Setup {
    async fn start() -> Self {
        let fixture = Fixture::start().await;
        let ada = fixture.create_user("ada").await;
        let (eve, mallory) = (fixture.create_user("eve").await, fixture.create_user("mallory").await);
        let load = Load::start(&[(ada, Transport::Socket(1))], &[eve], Duration::from_millis(10)).await;
        mallory.join(&load.chat).await;
        let setup = Self { fixture, load, mallory };
        // The first use of everything allocates memory once.
        setup
            .measure("a valid frame", [frame(FINAL | TEXT, b"{}"), frame(FINAL | CLOSE, b"")].into_iter())
            .await;
        setup
    }

    async fn connect(&self) -> TcpStream {
        let mut connection = FlakyConnection::open(&self.mallory).await.unwrap();
        connection.subscribe(self.load.chat.id, None).await.unwrap();
        connection.into_stream()
    }

    /// Sends the chunks; returns what came back, and by how many KiB the server grew meanwhile.
    async fn measure(&self, name: &str, chunks: impl Iterator<Item = Vec<u8>>) -> (Received, u64) {
        let before = self.fixture.server.memory_kib();
        let mut most = before;
        let measuring = async {
            loop {
                most = most.max(self.fixture.server.memory_kib());
                sleep(Duration::from_millis(2)).await;
            }
        };
        let stream = self.connect().await;
        let received = tokio::select! {
            () = measuring => unreachable!("it never ends"),
            received = send(stream, chunks) => received,
        };
        let (grown_kib, Received { close_code, pongs }) = (most - before, &received);
        println!("{name}: closed with {close_code:?}, {grown_kib} KiB more memory, {pongs} pongs");
        (received, grown_kib)
    }

    async fn assert_too_big(&self, name: &str, chunks: impl Iterator<Item = Vec<u8>>) {
        let (received, grown_kib) = self.measure(name, chunks).await;
        assert_eq!(received.close_code, Some(close::MESSAGE_TOO_BIG), "{name}");
        assert!(grown_kib < MEMORY_MAX_KIB, "{name}: {grown_kib} KiB");
    }

    /// Asserts that the others were not affected.
    async fn finish(self) {
        let Figures { messages, retries, connections, .. } = self.load.finish(&self.fixture).await;
        assert!(messages > 0);
        assert_eq!((retries, connections), (0, 1), "the others are not affected");
    }
}

/// The header of a frame of 2^40 bytes, and up to 256 MiB of its body.
fn huge_frame() -> impl Iterator<Item = Vec<u8>> {
    let mut header = vec![FINAL | TEXT, 0x80 | 127];
    header.extend((1_u64 << 40).to_be_bytes());
    header.extend([0; 4]);
    std::iter::once(header).chain(std::iter::repeat_n(vec![b'x'; 64 * 1024], 4_096))
}

/// One message in fragments of `length` bytes.
fn fragments(count: usize, length: usize) -> impl Iterator<Item = Vec<u8>> {
    std::iter::once(frame(TEXT, &vec![b'x'; length]))
        .chain((0..count).map(move |_| frame(0, &vec![b'x'; length])))
}

#[tokio::test(flavor = "multi_thread")]
async fn terabyte_frame_is_rejected_at_its_header() {
    let setup = Setup::start().await;
    setup.assert_too_big("a frame of 2^40 bytes", huge_frame()).await;
    setup.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_are_limited_together() {
    let setup = Setup::start().await;
    setup.assert_too_big("5 fragments of 16 KiB", fragments(5, 16 * 1024)).await;
    setup.assert_too_big("10,000 fragments of 16 bytes", fragments(10_000, 16)).await;
    setup.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_fragments_use_no_memory() {
    let setup = Setup::start().await;
    let last = [frame(FINAL, b"}"), frame(FINAL | CLOSE, &1_000_u16.to_be_bytes())];
    let frames = std::iter::once(frame(TEXT, b"{")).chain((0..10_000).map(|_| frame(0, b"")));
    let (received, grown_kib) = setup.measure("10,000 empty fragments", frames.chain(last)).await;
    // The server may accept or reject them.
    let code = received.close_code;
    assert!(
        matches!(code, None | Some(1_000 | close::POLICY_VIOLATION | close::MESSAGE_TOO_BIG)),
        "{code:?}"
    );
    assert!(grown_kib < MEMORY_MAX_KIB, "{grown_kib} KiB");
    setup.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ping_flood_uses_no_memory() {
    let setup = Setup::start().await;
    let pings = (0..50_000).map(|_| frame(FINAL | PING, &[b'x'; 125]));
    let close_frame = std::iter::once(frame(FINAL | CLOSE, &1_000_u16.to_be_bytes()));
    let (received, grown_kib) = setup.measure("50,000 pings", pings.chain(close_frame)).await;
    // A pong may answer several pings (RFC 6455, section 5.5.3).
    assert!(received.pongs > 0, "{received:?}");
    let code = received.close_code;
    assert!(matches!(code, Some(close::NORMAL | close::POLICY_VIOLATION)), "{code:?}");
    assert!(grown_kib < MEMORY_MAX_KIB, "{grown_kib} KiB");
    setup.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn ping_flood_without_reading_is_disconnected() {
    let setup = Setup::start().await;
    let before = setup.fixture.server.memory_kib();
    let connection = FlakyConnection::open_with_small_buffer(&setup.mallory).await.unwrap();
    let mut stream = connection.into_stream();
    let flood = frame(FINAL | PING, &[b'x'; 125]).repeat(100);
    let (mut most, mut sent) = (before, 0);
    let flooding = async {
        while stream.write_all(&flood).await.is_ok() {
            sent += flood.len();
            most = most.max(setup.fixture.server.memory_kib());
        }
    };
    timeout(CLOSE_TIMEOUT, flooding).await.expect("the server closes the connection");
    let grown_kib = most.max(setup.fixture.server.memory_kib()) - before;
    println!("pings without reading: disconnected after {sent} bytes, {grown_kib} KiB more memory");
    assert!(grown_kib < MEMORY_MAX_KIB, "{grown_kib} KiB");
    setup.finish().await;
}
