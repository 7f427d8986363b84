//! Many WebSockets on one core.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use memchr::memmem;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use ws_frame::client::{encode_masked, for_each_frame};
use ws_frame::opcode;

use crate::protocol_adapter::{LoadUser, ProtocolAdapter, ServerEvent};

/// How many sockets are opened at the same time.
const OPENING_MAX: usize = 128;
/// The remaining sockets are given up when no event arrives for this long.
const OPEN_TIMEOUT: Duration = Duration::from_secs(20);
const SCRATCH_SIZE: usize = 512 * 1024;

/// A socket to open: its user, and the chats to join.
pub struct SocketSpec {
    pub user: LoadUser,
    pub chats: Vec<usize>,
}

pub struct SocketPool {
    adapter: ProtocolAdapter,
    poll: Poll,
    events: Events,
    sockets: Vec<Socket>,
    scratch: Vec<u8>,
}

struct Socket {
    stream: TcpStream,
    state: SocketState,
    /// An incomplete frame.
    partial: Vec<u8>,
    /// Bytes not written yet.
    outgoing: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SocketState {
    /// Waits for the response to the upgrade request.
    Upgrading,
    Upgraded,
    /// How many chats are not joined yet.
    Joining(usize),
    Open,
    Closed,
}

impl SocketPool {
    /// Opens the sockets. Those that fail are closed.
    pub fn open(adapter: ProtocolAdapter, address: SocketAddr, specs: &[SocketSpec]) -> Result<Self> {
        let mut pool = Self {
            adapter,
            poll: Poll::new()?,
            events: Events::with_capacity(4_096),
            sockets: Vec::new(),
            scratch: vec![0; SCRATCH_SIZE],
        };
        pool.open_more(address, specs)?;
        Ok(pool)
    }

    /// Opens further sockets.
    pub fn open_more(&mut self, address: SocketAddr, specs: &[SocketSpec]) -> Result<()> {
        let before = self.sockets.len();
        let (mut finished, mut last) = (before, Instant::now());
        while finished < before + specs.len() && last.elapsed() < OPEN_TIMEOUT {
            while self.sockets.len() < before + specs.len() && self.sockets.len() - finished < OPENING_MAX {
                self.connect(address, &specs[self.sockets.len() - before].user)?;
            }
            for index in self.poll_ready(Some(Duration::from_secs(1)))? {
                last = Instant::now();
                if index >= before {
                    finished += usize::from(self.continue_opening(index, &specs[index - before].chats)?);
                }
            }
        }
        Ok(())
    }

    pub fn count_open(&self) -> usize {
        self.sockets.iter().filter(|socket| socket.state == SocketState::Open).count()
    }

    pub fn ensure_all_open(&self) -> Result<()> {
        let open = self.count_open();
        ensure!(open == self.sockets.len(), "only {open} of {} sockets opened", self.sockets.len());
        Ok(())
    }

    fn connect(&mut self, address: SocketAddr, user: &LoadUser) -> Result<()> {
        // Blocks only briefly: the kernel completes local connections.
        let stream = std::net::TcpStream::connect(address).context("cannot connect")?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        let token = Token(self.sockets.len());
        self.poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let outgoing = self.adapter.upgrade_request(user).into_bytes();
        let mut socket = Socket { stream, state: SocketState::Upgrading, partial: Vec::new(), outgoing };
        socket.flush();
        self.sockets.push(socket);
        Ok(())
    }

    /// Waits for readable sockets, and continues writing to writable ones.
    pub fn poll_ready(&mut self, timeout: Option<Duration>) -> Result<Vec<usize>> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => done?,
        }
        for event in self.events.iter().filter(|event| event.is_writable()) {
            self.sockets[event.token().0].flush();
        }
        Ok(self.events.iter().filter(|event| event.is_readable()).map(|event| event.token().0).collect())
    }

    /// Handles the next step of opening. Returns whether it just ended, successfully or not.
    fn continue_opening(&mut self, index: usize, chats: &[usize]) -> Result<bool> {
        let before = self.sockets[index].state;
        if before == SocketState::Upgrading && !self.read_upgrade(index) {
            return Ok(self.sockets[index].state == SocketState::Closed);
        }
        let (adapter, mut events) = (self.adapter, Vec::new());
        self.read(index, |frame| events.push(adapter.parse_frame(frame)))?;
        for events in events {
            self.handle_event(index, &events, chats);
        }
        let after = self.sockets[index].state;
        Ok(before != after && matches!(after, SocketState::Open | SocketState::Closed))
    }

    fn handle_event(&mut self, index: usize, events: &ServerEvent, chats: &[usize]) {
        let adapter = self.adapter;
        let socket = &mut self.sockets[index];
        match (events, socket.state) {
            (ServerEvent::Reply(reply), _) => socket.send_text(reply),
            (ServerEvent::Welcome, SocketState::Upgraded) => {
                for chat in chats {
                    socket.send_text(&adapter.join_message(*chat));
                }
                socket.state = SocketState::joining(chats.len());
            }
            (ServerEvent::Joined | ServerEvent::Messages, SocketState::Joining(remaining)) => {
                socket.state = SocketState::joining(remaining - 1);
            }
            (ServerEvent::Refused, _) => socket.state = SocketState::Closed,
            _ => {}
        }
    }

    /// Reads the upgrade response; false until it is complete.
    fn read_upgrade(&mut self, index: usize) -> bool {
        let socket = &mut self.sockets[index];
        let mut bytes = [0; 4_096];
        while let Some(count) = socket.receive(&mut bytes) {
            socket.partial.extend(&bytes[..count]);
        }
        let Some(end) = memmem::find(&socket.partial, b"\r\n\r\n") else { return false };
        let upgraded = socket.partial.starts_with(b"HTTP/1.1 101");
        socket.state = if upgraded { SocketState::Upgraded } else { SocketState::Closed };
        socket.partial.drain(..end + 4);
        upgraded
    }

    /// Reads everything available and calls `handle` with each text frame.
    pub fn read(&mut self, index: usize, mut handle: impl FnMut(&[u8])) -> Result<()> {
        let socket = &mut self.sockets[index];
        let mut filled = socket.partial.len();
        self.scratch[..filled].copy_from_slice(&socket.partial);
        socket.partial.clear();
        let mut pongs = Vec::new();
        loop {
            // Runs at least once without new data: a frame may have arrived with the upgrade response.
            let room = self.scratch.len() - filled;
            let received = socket.receive(&mut self.scratch[filled..]);
            filled += received.unwrap_or(0);
            let taken = for_each_frame(&self.scratch[..filled], |opcode, payload| match opcode {
                opcode::TEXT => handle(payload),
                opcode::PING => pongs.push(encode_masked(opcode::PONG, payload)),
                opcode::CLOSE => socket.state = SocketState::Closed,
                _ => {}
            });
            self.scratch.copy_within(taken..filled, 0);
            filled -= taken;
            ensure!(filled < self.scratch.len(), "a frame is larger than {SCRATCH_SIZE} bytes");
            // A short read means that the socket is empty.
            if received.is_none_or(|count| count < room) {
                break;
            }
        }
        socket.partial.extend(&self.scratch[..filled]);
        for pong in pongs {
            socket.send(&pong);
        }
        Ok(())
    }

    pub fn send_text(&mut self, index: usize, text: &str) {
        self.sockets[index].send_text(text);
    }
}

impl SocketState {
    fn joining(remaining: usize) -> Self {
        if remaining == 0 { Self::Open } else { Self::Joining(remaining) }
    }
}

impl Socket {
    /// None if nothing is available; a socket at its end becomes closed.
    fn receive(&mut self, room: &mut [u8]) -> Option<usize> {
        match self.stream.read(room) {
            Ok(count) if count > 0 => Some(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Ok(_) | Err(_) => {
                self.state = SocketState::Closed;
                None
            }
        }
    }

    fn send_text(&mut self, text: &str) {
        self.send(&encode_masked(opcode::TEXT, text.as_bytes()));
    }

    fn send(&mut self, bytes: &[u8]) {
        self.outgoing.extend(bytes);
        self.flush();
    }

    fn flush(&mut self) {
        while !self.outgoing.is_empty() {
            match self.stream.write(&self.outgoing) {
                Ok(count) if count > 0 => drop(self.outgoing.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(_) | Err(_) => {
                    self.state = SocketState::Closed;
                    return;
                }
            }
        }
    }
}
