//! Frames waiting to be sent through one connection. All of them leave in one write: a write per frame costs six times as
//! much.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    time::Instant,
};

use actix_web::web::Bytes;
use tokio::net::TcpStream;

/// Droppable frames are dropped beyond this many queued bytes; the client then catches up from the database.
const DROPPABLE_BYTES_MAX: usize = 256 * 1024;
/// Required frames are never dropped, so a client that sends requests without reading the answers is disconnected at
/// this many queued bytes.
const BYTES_MAX: usize = 4 * DROPPABLE_BYTES_MAX;
/// Frames per write.
const SLICES_MAX: usize = 32;
/// An emptied queue keeps room for this many frames.
const IDLE_CAPACITY: usize = 4;

/// The result of a flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushResult {
    /// Everything was sent.
    Empty,
    /// The peer accepts no more for now.
    Blocked,
    /// The connection is lost.
    Broken,
}

#[derive(Default)]
pub struct SendQueue {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// Since when the peer has accepted nothing.
    blocked_since: Option<Instant>,
    /// A thread has undertaken to flush.
    flush_scheduled: bool,
    /// The close frame is queued; nothing is queued after it.
    is_closing: bool,
    is_broken: bool,
}

impl SendQueue {
    /// Queues a frame unless too much is queued already; false if it was dropped.
    pub fn push_droppable(&mut self, frame: Bytes) -> bool {
        let fits = self.bytes + frame.len() <= DROPPABLE_BYTES_MAX || self.frames.is_empty();
        if fits {
            self.push(frame);
        }
        fits
    }

    /// Queues a frame that must not be dropped.
    pub fn push_required(&mut self, frame: Bytes) {
        if self.bytes > BYTES_MAX {
            self.is_broken = true;
        }
        self.push(frame);
    }

    /// Queues a frame that is worthless later: it is dropped if the connection is blocked.
    pub fn push_ephemeral(&mut self, frame: Bytes) {
        if self.blocked_since.is_none() {
            self.push_droppable(frame);
        }
    }

    /// Queues the last frame.
    pub fn push_final(&mut self, frame: Bytes) {
        self.push_required(frame);
        self.is_closing = true;
    }

    fn push(&mut self, frame: Bytes) {
        if !self.is_closing && !self.is_broken {
            self.bytes += frame.len();
            self.frames.push_back(frame);
        }
    }

    /// Returns true once until the next flush: that caller must flush. A blocked connection is flushed by its task when it
    /// becomes writable.
    pub fn schedule_flush(&mut self) -> bool {
        !self.is_blocked() && !std::mem::replace(&mut self.flush_scheduled, true)
    }

    /// Writes as much of the queue as the peer accepts.
    pub fn flush(&mut self, stream: &TcpStream) -> FlushResult {
        self.flush_scheduled = false;
        while !self.is_broken && !self.frames.is_empty() {
            match self.write(stream) {
                Ok(0) => self.is_broken = true,
                Ok(written) => self.remove_written(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.blocked_since.get_or_insert_with(Instant::now);
                    return FlushResult::Blocked;
                }
                Err(_) => self.is_broken = true,
            }
        }
        if self.is_broken { FlushResult::Broken } else { FlushResult::Empty }
    }

    fn write(&self, stream: &TcpStream) -> io::Result<usize> {
        if let (Some(frame), 1) = (self.frames.front(), self.frames.len()) {
            return stream.try_write(frame);
        }
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        for (slice, frame) in slices.iter_mut().zip(&self.frames) {
            *slice = IoSlice::new(frame);
        }
        let used = self.frames.len().min(SLICES_MAX);
        stream.try_write_vectored(slices.get(..used).unwrap_or_default())
    }

    fn remove_written(&mut self, mut written: usize) {
        self.bytes -= written;
        self.blocked_since = None;
        while let Some(first) = self.frames.front_mut() {
            if written < first.len() {
                drop(first.split_to(written));
                return;
            }
            written -= first.len();
            self.frames.pop_front();
        }
        if self.frames.capacity() > IDLE_CAPACITY {
            self.frames.shrink_to(IDLE_CAPACITY);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Whether the queue waits for the peer to accept more.
    pub fn is_blocked(&self) -> bool {
        self.blocked_since.is_some() && !self.is_broken
    }

    /// Since when the peer has accepted nothing.
    pub fn blocked_since(&self) -> Option<Instant> {
        self.blocked_since
    }

    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    pub fn is_closing(&self) -> bool {
        self.is_closing
    }

    /// Drops everything and marks the connection as broken.
    pub fn discard(&mut self) {
        self.is_broken = true;
        self.frames = VecDeque::new();
        self.bytes = 0;
    }
}
