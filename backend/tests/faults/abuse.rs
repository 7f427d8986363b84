//! Frames that no good client sends: they cost their sender the connection, and nobody else anything.

use std::time::Duration;

use shared::socket::close;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, tcp::OwnedReadHalf},
    time::{sleep, timeout},
};

use crate::{
    line::Line,
    load::{Figures, Load},
    people::Person,
    place::Place,
    writer::Way,
};

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;
const FINAL: u8 = 0x80;
const MEMORY_MAX: u64 = 2 * 1024;
const ENDED_WITHIN: Duration = Duration::from_mins(1);

/// A masked frame, whose mask changes nothing.
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

/// What the server said to somebody who broke the rules, until it hung up.
#[derive(Debug, Default)]
struct End {
    pongs: usize,
    texts: usize,
    code: Option<u16>,
}

async fn listen(mut stream: OwnedReadHalf) -> End {
    let mut end = End::default();
    while let Ok((kind, body)) = hear(&mut stream).await {
        match kind & 0xf {
            TEXT => end.texts += 1,
            PONG => end.pongs += 1,
            CLOSE => end.code = body.first_chunk().copied().map(u16::from_be_bytes),
            _ => {}
        }
    }
    end
}

async fn hear(stream: &mut OwnedReadHalf) -> std::io::Result<(u8, Vec<u8>)> {
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

/// Sends all of it, or as much as the server lets it.
async fn send(stream: TcpStream, chunks: impl Iterator<Item = Vec<u8>>) -> End {
    let (from, mut to) = stream.into_split();
    let end = tokio::spawn(listen(from));
    for chunk in chunks {
        if to.write_all(&chunk).await.is_err() {
            break;
        }
    }
    timeout(ENDED_WITHIN, end).await.expect("the server hangs up").unwrap()
}

/// Two people who talk beside it all, and whoever does not behave.
struct Room {
    place: Place,
    load: Load,
    mallory: Person,
}

impl Room {
    async fn open() -> Self {
        let place = Place::open().await;
        let (ada, eve, mallory) =
            (place.person("ada").await, place.person("eve").await, place.person("mallory").await);
        let load = Load::start(&[(ada, Way::Socket(1))], &[eve], Duration::from_millis(10)).await;
        mallory.joins(load.uri()).await;
        let room = Self { place, load, mallory };
        // The first of everything costs memory once.
        room.endures("a good frame", [frame(FINAL | TEXT, b"{}"), frame(FINAL | CLOSE, b"")].into_iter())
            .await;
        room
    }

    async fn line(&self) -> TcpStream {
        let mut line = Line::open(&self.mallory).await.unwrap();
        line.subscribes(self.load.uri(), None).await.unwrap();
        line.into_stream()
    }

    /// How the connection ends, and by how many KiB the server grew meanwhile at most.
    async fn endures(&self, what: &str, chunks: impl Iterator<Item = Vec<u8>>) -> (End, u64) {
        let before = self.place.server.memory();
        let mut most = before;
        let watch = async {
            loop {
                most = most.max(self.place.server.memory());
                sleep(Duration::from_millis(2)).await;
            }
        };
        let stream = self.line().await;
        let end = tokio::select! {
            () = watch => unreachable!("it watches for ever"),
            end = send(stream, chunks) => end,
        };
        let grown = most - before;
        println!("{what}: closed with {:?}, {grown} KiB more memory, {} pongs", end.code, end.pongs);
        (end, grown)
    }

    async fn is_too_big(&self, what: &str, chunks: impl Iterator<Item = Vec<u8>>) {
        let (end, grown) = self.endures(what, chunks).await;
        assert_eq!(end.code, Some(close::TOO_BIG), "{what}");
        assert!(grown < MEMORY_MAX, "{what}: {grown} KiB");
    }

    /// The others noticed nothing.
    async fn closes(self) {
        let Figures { messages, retries, connections, .. } = self.load.settle(&self.place).await;
        assert!(messages > 0);
        assert_eq!((retries, connections), (0, 1), "the others notice nothing");
    }
}

/// The head of a frame of 2^40 bytes, and as much of its body as is taken.
fn endless() -> impl Iterator<Item = Vec<u8>> {
    let mut head = vec![FINAL | TEXT, 0x80 | 127];
    head.extend((1_u64 << 40).to_be_bytes());
    head.extend([0; 4]);
    std::iter::once(head).chain(std::iter::repeat_n(vec![b'x'; 64 * 1024], 4_096))
}

/// One message in so many frames of so many bytes.
fn fragments(count: usize, length: usize) -> impl Iterator<Item = Vec<u8>> {
    std::iter::once(frame(TEXT, &vec![b'x'; length]))
        .chain((0..count).map(move |_| frame(0, &vec![b'x'; length])))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_of_a_terabyte_is_refused_at_its_head() {
    let room = Room::open().await;
    room.is_too_big("a frame of 2^40 bytes", endless()).await;
    room.closes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_count_together() {
    let room = Room::open().await;
    room.is_too_big("5 fragments of 16 KiB", fragments(5, 16 * 1024)).await;
    room.is_too_big("10,000 fragments of 16 bytes", fragments(10_000, 16)).await;
    room.closes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_fragments_gather_nothing() {
    let room = Room::open().await;
    let last = [frame(FINAL, b"}"), frame(FINAL | CLOSE, &1_000_u16.to_be_bytes())];
    let frames = std::iter::once(frame(TEXT, b"{")).chain((0..10_000).map(|_| frame(0, b"")));
    let (end, grown) = room.endures("10,000 empty fragments", frames.chain(last)).await;
    // It may be patient with them or not.
    assert!(matches!(end.code, None | Some(1_000 | close::MISBEHAVED | close::TOO_BIG)), "{end:?}");
    assert!(grown < MEMORY_MAX, "{grown} KiB");
    room.closes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_pings_gathers_nothing() {
    let room = Room::open().await;
    let pings = || (0..50_000).map(|_| frame(FINAL | PING, &[b'x'; 125]));
    let goodbye = std::iter::once(frame(FINAL | CLOSE, &1_000_u16.to_be_bytes()));
    let (end, grown) = room.endures("50,000 pings", pings().chain(goodbye)).await;
    // Of pings that come while their answers still wait, not each need be answered (RFC 6455, section 5.5.3).
    assert!(end.pongs > 0 && matches!(end.code, Some(close::NORMAL | close::MISBEHAVED)), "{end:?}");
    assert!(grown < MEMORY_MAX, "{grown} KiB");
    room.closes().await;
}

/// Whoever floods and does not read the answers is cut off.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn a_flood_of_pings_whose_answers_nobody_reads_is_cut_off() {
    let room = Room::open().await;
    let before = room.place.server.memory();
    let mut stream = Line::narrow(&room.mallory).await.unwrap().into_stream();
    let flood = frame(FINAL | PING, &[b'x'; 125]).repeat(100);
    let (mut most, mut pushed) = (before, 0);
    let flooding = async {
        while stream.write_all(&flood).await.is_ok() {
            pushed += flood.len();
            most = most.max(room.place.server.memory());
        }
    };
    timeout(ENDED_WITHIN, flooding).await.expect("the server hangs up");
    let grown = most.max(room.place.server.memory()) - before;
    println!("pings whose answers nobody reads: cut off after {pushed} bytes, {grown} KiB more memory");
    assert!(grown < MEMORY_MAX, "{grown} KiB");
    room.closes().await;
}
