//! Many sockets on one core.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use memchr::memmem;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::dialect::{Dialect, Heard, Person};
use crate::frames;

/// So many are greeted at the same time.
const AT_THE_DOOR: usize = 128;
/// No answer for so long while sockets are opened: the rest will not open.
const PATIENCE: Duration = Duration::from_secs(20);
const SCRATCH: usize = 512 * 1024;

/// Who opens a socket, and which chats they listen to.
pub struct Guest {
    pub person: Person,
    pub chats: Vec<usize>,
}

pub struct Sockets {
    dialect: Dialect,
    poll: Poll,
    events: Events,
    list: Vec<Socket>,
    scratch: Vec<u8>,
}

struct Socket {
    stream: TcpStream,
    stage: Stage,
    /// Half a frame that came in.
    begun: Vec<u8>,
    /// What did not go out yet.
    waiting: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The answer to the upgrade is awaited.
    Knocking,
    Upgraded,
    /// So many chats are not joined yet.
    Joining(usize),
    Open,
    Closed,
}

impl Sockets {
    /// Opens a socket for each guest. Those that fail are closed ones.
    pub fn open(dialect: Dialect, address: SocketAddr, guests: &[Guest]) -> Result<Self> {
        let mut sockets = Self {
            dialect,
            poll: Poll::new()?,
            events: Events::with_capacity(4_096),
            list: Vec::new(),
            scratch: vec![0; SCRATCH],
        };
        sockets.add(address, guests)?;
        Ok(sockets)
    }

    /// Opens more.
    pub fn add(&mut self, address: SocketAddr, guests: &[Guest]) -> Result<()> {
        let before = self.list.len();
        let (mut done, mut last) = (before, Instant::now());
        while done < before + guests.len() && last.elapsed() < PATIENCE {
            while self.list.len() < before + guests.len() && self.list.len() - done < AT_THE_DOOR {
                self.knock(address, &guests[self.list.len() - before].person)?;
            }
            for index in self.ready(Some(Duration::from_secs(1)))? {
                last = Instant::now();
                if index >= before {
                    done += usize::from(self.greet(index, &guests[index - before].chats)?);
                }
            }
        }
        Ok(())
    }

    pub fn count_open(&self) -> usize {
        self.list.iter().filter(|socket| socket.stage == Stage::Open).count()
    }

    pub fn all_are_open(&self) -> Result<()> {
        let open = self.count_open();
        ensure!(open == self.list.len(), "only {open} of {} sockets opened", self.list.len());
        Ok(())
    }

    fn knock(&mut self, address: SocketAddr, person: &Person) -> Result<()> {
        // Waits for the connection, which takes no time here: the kernel makes it.
        let stream = std::net::TcpStream::connect(address).context("a socket cannot connect")?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        let token = Token(self.list.len());
        self.poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let waiting = self.dialect.upgrade(person).into_bytes();
        let mut socket = Socket { stream, stage: Stage::Knocking, begun: Vec::new(), waiting };
        socket.flush();
        self.list.push(socket);
        Ok(())
    }

    /// Waits for sockets that have something to read, and lets those write on that can.
    pub fn ready(&mut self, patience: Option<Duration>) -> Result<Vec<usize>> {
        match self.poll.poll(&mut self.events, patience) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => done?,
        }
        for event in self.events.iter().filter(|event| event.is_writable()) {
            self.list[event.token().0].flush();
        }
        Ok(self.events.iter().filter(|event| event.is_readable()).map(|event| event.token().0).collect())
    }

    /// Carries the greeting on; says whether it has just ended, well or not.
    fn greet(&mut self, index: usize, chats: &[usize]) -> Result<bool> {
        let before = self.list[index].stage;
        if before == Stage::Knocking && !self.read_upgrade(index) {
            return Ok(self.list[index].stage == Stage::Closed);
        }
        let (dialect, mut heard) = (self.dialect, Vec::new());
        self.read(index, |frame| heard.push(dialect.hear(frame)))?;
        for heard in heard {
            self.be_greeted(index, &heard, chats);
        }
        let after = self.list[index].stage;
        Ok(before != after && matches!(after, Stage::Open | Stage::Closed))
    }

    fn be_greeted(&mut self, index: usize, heard: &Heard, chats: &[usize]) {
        let dialect = self.dialect;
        let socket = &mut self.list[index];
        match (heard, socket.stage) {
            (Heard::Answer(answer), _) => socket.say(answer),
            (Heard::Welcome, Stage::Upgraded) => {
                for chat in chats {
                    socket.say(&dialect.join(*chat));
                }
                socket.stage = Stage::joining(chats.len());
            }
            (Heard::Joined | Heard::Messages, Stage::Joining(left)) => {
                socket.stage = Stage::joining(left - 1);
            }
            (Heard::Refused, _) => socket.stage = Stage::Closed,
            _ => {}
        }
    }

    /// Reads the answer to the upgrade, whole and nothing after it; false until it is there.
    fn read_upgrade(&mut self, index: usize) -> bool {
        let socket = &mut self.list[index];
        let mut bytes = [0; 4_096];
        while let Some(count) = socket.receive(&mut bytes) {
            socket.begun.extend(&bytes[..count]);
        }
        let Some(end) = memmem::find(&socket.begun, b"\r\n\r\n") else { return false };
        let upgraded = socket.begun.starts_with(b"HTTP/1.1 101");
        socket.stage = if upgraded { Stage::Upgraded } else { Stage::Closed };
        socket.begun.drain(..end + 4);
        upgraded
    }

    /// Reads all that has come, and calls `hear` with each text.
    pub fn read(&mut self, index: usize, mut hear: impl FnMut(&[u8])) -> Result<()> {
        let socket = &mut self.list[index];
        let mut filled = socket.begun.len();
        self.scratch[..filled].copy_from_slice(&socket.begun);
        socket.begun.clear();
        let mut pings = Vec::new();
        loop {
            // Also once when nothing new has come: what came with the upgrade may be a frame.
            let room = self.scratch.len() - filled;
            let received = socket.receive(&mut self.scratch[filled..]);
            filled += received.unwrap_or(0);
            let taken = frames::each(&self.scratch[..filled], |opcode, payload| match opcode {
                frames::TEXT => hear(payload),
                frames::PING => pings.push(frames::masked(frames::PONG, payload)),
                frames::CLOSE => socket.stage = Stage::Closed,
                _ => {}
            });
            self.scratch.copy_within(taken..filled, 0);
            filled -= taken;
            ensure!(filled < self.scratch.len(), "a frame is larger than {SCRATCH} bytes");
            // A read that did not fill the room has emptied the socket.
            if received.is_none_or(|count| count < room) {
                break;
            }
        }
        socket.begun.extend(&self.scratch[..filled]);
        for pong in pings {
            socket.send(&pong);
        }
        Ok(())
    }

    pub fn say(&mut self, index: usize, text: &str) {
        self.list[index].say(text);
    }
}

impl Stage {
    fn joining(left: usize) -> Self {
        if left == 0 { Self::Open } else { Self::Joining(left) }
    }
}

impl Socket {
    /// None when there is nothing now; a socket that ended is a closed one.
    fn receive(&mut self, room: &mut [u8]) -> Option<usize> {
        match self.stream.read(room) {
            Ok(count) if count > 0 => Some(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Ok(_) | Err(_) => {
                self.stage = Stage::Closed;
                None
            }
        }
    }

    fn say(&mut self, text: &str) {
        self.send(&frames::masked(frames::TEXT, text.as_bytes()));
    }

    fn send(&mut self, bytes: &[u8]) {
        self.waiting.extend(bytes);
        self.flush();
    }

    fn flush(&mut self) {
        while !self.waiting.is_empty() {
            match self.stream.write(&self.waiting) {
                Ok(count) if count > 0 => drop(self.waiting.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(_) | Err(_) => {
                    self.stage = Stage::Closed;
                    return;
                }
            }
        }
    }
}
