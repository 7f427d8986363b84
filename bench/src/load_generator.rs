//! Posts messages at a steady rate, receives them and records both.

mod pacer;
mod run_record;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use pacer::Pacer;
use run_record::RunRecord;

use crate::layout::Layout;
use crate::layout::{Writer, WriterGroup};
use crate::marker;
use crate::ordering_checker::DeliveryFaults;
use crate::protocol_adapter::{LoadUser, ProtocolAdapter, ServerEvent};
use crate::socket_pool::{SocketPool, SocketSpec};

/// After the last post: no event for this long means that nothing more will arrive.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest wait for targets that are far behind.
const DRAIN_TIMEOUT: Duration = Duration::from_mins(1);
/// After everything expected has arrived: the wait for unexpected deliveries.
const EXTRA_WAIT: Duration = Duration::from_millis(100);

/// How fast messages are posted.
#[derive(Clone, Copy, Debug)]
pub enum PostingPace {
    /// Each group posts when its last message is acknowledged.
    Closed,
    /// A fixed rate. Latency counts from when a post was due.
    PerSecond(f64),
}

#[derive(Clone, Copy, Debug)]
pub struct LoadPlan {
    pub pace: PostingPace,
    pub warm_up: Duration,
    pub duration: Duration,
}

/// What one run measured.
pub struct LoadResult<U> {
    pub seconds: f64,
    pub posts: usize,
    pub deliveries: usize,
    /// From when a post was due until a reader received it, in microseconds.
    pub latency: Histogram<u64>,
    pub faults: DeliveryFaults,
    pub refused: usize,
    pub resyncs: usize,
    /// What `probe` returned at the beginning and the end of the measured time.
    pub before: U,
    pub after: U,
}

/// Users with open sockets who post by a plan.
pub struct LoadGenerator {
    adapter: ProtocolAdapter,
    sockets: SocketPool,
    layout: Layout,
    runs: u8,
}

impl LoadGenerator {
    pub fn open(
        adapter: ProtocolAdapter,
        address: SocketAddr,
        layout: Layout,
        users: &[LoadUser],
    ) -> Result<Self> {
        let specs: Vec<_> = users
            .iter()
            .take(layout.users)
            .enumerate()
            .map(|(socket, user)| SocketSpec { user: user.clone(), chats: layout.chats_of(socket) })
            .collect();
        let sockets = SocketPool::open(adapter, address, &specs)?;
        sockets.ensure_all_open()?;
        Ok(Self { adapter, sockets, layout, runs: 0 })
    }

    /// Runs a plan. `probe` is called at the beginning and at the end of the measured time.
    pub fn run<U>(
        &mut self,
        writer_groups: &[WriterGroup],
        plan: LoadPlan,
        probe: impl Fn() -> Result<U>,
    ) -> Result<LoadResult<U>> {
        self.runs += 1;
        let layout = self.layout.clone();
        let mut record = RunRecord::new(self.runs, &layout, writer_groups)?;
        let start = Instant::now();
        let mut pace = Pacer::new(plan.pace);
        if matches!(plan.pace, PostingPace::Closed) {
            for group in 0..writer_groups.len() {
                self.post(&mut record, group, start.elapsed());
            }
        }
        self.run_until(&mut record, &mut pace, start, plan.warm_up)?;
        let (before, from) = (probe()?, start.elapsed());
        record.window = (from, from + plan.duration);
        self.run_until(&mut record, &mut pace, start, from + plan.duration)?;
        let (to, after) = (start.elapsed(), probe()?);
        record.window.1 = to;
        let (posts, deliveries) = (record.posts, record.deliveries);
        self.drain(&mut record, start)?;
        Ok(LoadResult {
            seconds: to.saturating_sub(from).as_secs_f64(),
            posts,
            deliveries,
            faults: record.find_faults(),
            latency: record.latency,
            refused: record.refused,
            resyncs: record.resyncs,
            before,
            after,
        })
    }

    fn run_until(
        &mut self,
        record: &mut RunRecord,
        pacer: &mut Pacer,
        start: Instant,
        end: Duration,
    ) -> Result<()> {
        loop {
            let now = start.elapsed();
            if now >= end {
                return Ok(());
            }
            while let Some((group, due)) = pacer.take_due(now, record.writer_groups.len()) {
                self.post(record, group, due);
            }
            let timeout = pacer.time_until_due(now).min(end.saturating_sub(now));
            self.process_events(record, start, timeout, matches!(pacer.pace, PostingPace::Closed))?;
        }
    }

    fn drain(&mut self, record: &mut RunRecord, start: Instant) -> Result<()> {
        let mut last = Instant::now();
        let end = start.elapsed() + DRAIN_TIMEOUT;
        while start.elapsed() < end && last.elapsed() < SILENCE_TIMEOUT && !record.is_complete() {
            if self.process_events(record, start, Duration::from_millis(100), false)? {
                last = Instant::now();
            }
        }
        let complete = Instant::now();
        while complete.elapsed() < EXTRA_WAIT {
            self.process_events(record, start, EXTRA_WAIT, false)?;
        }
        Ok(())
    }

    /// Returns whether there were events.
    fn process_events(
        &mut self,
        record: &mut RunRecord,
        start: Instant,
        timeout: Duration,
        post_again: bool,
    ) -> Result<bool> {
        let ready = self.sockets.poll_ready(Some(timeout))?;
        for &socket in &ready {
            let (mut replies, mut acknowledged, now) = (Vec::new(), Vec::new(), start.elapsed());
            let adapter = self.adapter;
            self.sockets.read(socket, |frame| match adapter.parse_frame(frame) {
                ServerEvent::Messages => marker::for_each_marker(frame, record.run, |marker| {
                    record.record_delivery(socket, marker, now);
                }),
                ServerEvent::Acknowledged(marker) => acknowledged.push(marker),
                ServerEvent::Reply(reply) => replies.push(reply),
                ServerEvent::Refused => record.refused += 1,
                ServerEvent::Resync => record.resyncs += 1,
                ServerEvent::Welcome | ServerEvent::Joined | ServerEvent::Other => {}
            })?;
            for reply in replies {
                self.sockets.send_text(socket, reply);
            }
            for marker in acknowledged {
                record.record_acknowledgement(marker, now);
                if post_again {
                    self.post(record, marker.group, start.elapsed());
                }
            }
        }
        Ok(!ready.is_empty())
    }

    fn post(&mut self, record: &mut RunRecord, group: usize, due: Duration) {
        let marker = record.record_post(group, due);
        let Writer { socket, chat } = record.writer_of(marker);
        let id = marker.client_id(record.random.next());
        self.sockets
            .send_text(*socket, &self.adapter.post_message(*chat, &id, &marker.message_text(record.run)));
    }
}
