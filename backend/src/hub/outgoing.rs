//! What waits to leave through one connection. All that waits goes out in one write: a write for each frame costs six
//! times as much.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    time::Instant,
};

use actix_web::web::Bytes;
use tokio::net::TcpStream;

/// How much news may wait, in bytes: whoever has more than this to read is told to catch up instead.
const NEWS_MAX: usize = 256 * 1024;
/// How much may wait in all: answers are not left out, so whoever asks and asks and never reads is cut off.
const ALL_MAX: usize = 4 * NEWS_MAX;
/// How many frames go into one write.
const SLICES: usize = 32;
/// An emptied queue keeps room for so many frames.
const KEPT: usize = 4;

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flushed {
    /// Nothing waits any more.
    All,
    /// The connection takes no more for now.
    Blocked,
    /// The connection is gone.
    Broken,
}

#[derive(Default)]
pub struct Outgoing {
    queue: VecDeque<Bytes>,
    bytes: usize,
    /// Since when the connection has taken nothing.
    blocked: Option<Instant>,
    /// Somebody has taken it upon themselves to flush.
    promised: bool,
    /// The last frame is queued: nothing comes after it.
    ended: bool,
    broken: bool,
}

impl Outgoing {
    /// Queues what may be left out; false if it was, because too much waits already.
    pub fn news(&mut self, frame: Bytes) -> bool {
        let fits = self.bytes + frame.len() <= NEWS_MAX || self.queue.is_empty();
        if fits {
            self.put(frame);
        }
        fits
    }

    /// Queues what must not be left out.
    pub fn answer(&mut self, frame: Bytes) {
        if self.bytes > ALL_MAX {
            self.broken = true;
        }
        self.put(frame);
    }

    /// Queues what is worth nothing later.
    pub fn passing(&mut self, frame: Bytes) {
        if self.blocked.is_none() {
            self.news(frame);
        }
    }

    /// Queues the last frame.
    pub fn last(&mut self, frame: Bytes) {
        self.answer(frame);
        self.ended = true;
    }

    fn put(&mut self, frame: Bytes) {
        if !self.ended && !self.broken {
            self.bytes += frame.len();
            self.queue.push_back(frame);
        }
    }

    /// True once for all that is queued until the next flush: whoever hears it flushes.
    pub fn promise(&mut self) -> bool {
        // A connection that is blocked is flushed by whoever waits for it to become writable.
        !self.is_blocked() && !std::mem::replace(&mut self.promised, true)
    }

    /// Writes all that waits, as far as the connection takes it.
    pub fn flush(&mut self, stream: &TcpStream) -> Flushed {
        self.promised = false;
        while !self.broken && !self.queue.is_empty() {
            match self.write(stream) {
                Ok(0) => self.broken = true,
                Ok(written) => self.forget(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.blocked.get_or_insert_with(Instant::now);
                    return Flushed::Blocked;
                }
                Err(_) => self.broken = true,
            }
        }
        if self.broken { Flushed::Broken } else { Flushed::All }
    }

    fn write(&self, stream: &TcpStream) -> io::Result<usize> {
        if let (Some(frame), 1) = (self.queue.front(), self.queue.len()) {
            return stream.try_write(frame);
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        for (slice, frame) in slices.iter_mut().zip(&self.queue) {
            *slice = IoSlice::new(frame);
        }
        let used = self.queue.len().min(SLICES);
        stream.try_write_vectored(slices.get(..used).unwrap_or_default())
    }

    fn forget(&mut self, mut written: usize) {
        self.bytes -= written;
        self.blocked = None;
        while let Some(first) = self.queue.front_mut() {
            if written < first.len() {
                drop(first.split_to(written));
                return;
            }
            written -= first.len();
            self.queue.pop_front();
        }
        if self.queue.capacity() > KEPT {
            self.queue.shrink_to(KEPT);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether it is worth waiting until the connection takes more.
    pub fn is_blocked(&self) -> bool {
        self.blocked.is_some() && !self.broken
    }

    /// Since when the connection has taken nothing of what waits.
    pub fn blocked_since(&self) -> Option<Instant> {
        self.blocked
    }

    pub fn is_broken(&self) -> bool {
        self.broken
    }

    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// Gives the connection up.
    pub fn give_up(&mut self) {
        self.broken = true;
        self.queue = VecDeque::new();
        self.bytes = 0;
    }
}
