//! The posts and deliveries of one run.

use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

use crate::layout::{Layout, Writer, WriterGroup};
use crate::marker::{Marker, Random};
use crate::ordering_checker::{DeliveryFaults, OrderingChecker};

/// The upper end of the histogram.
const LATENCY_MAX_MICROS: u64 = 60_000_000;

struct SentPost {
    due: Duration,
    acknowledged: bool,
}

/// The posts and deliveries of one run.
pub struct RunRecord<'a> {
    pub run: u8,
    layout: &'a Layout,
    pub writer_groups: &'a [WriterGroup],
    sent: Vec<Vec<SentPost>>,
    pub random: Random,
    checker: OrderingChecker,
    /// The measured time.
    pub window: (Duration, Duration),
    pub posts: usize,
    pub deliveries: usize,
    pub latency: Histogram<u64>,
    unacknowledged: usize,
    /// How many deliveries the acknowledged posts require.
    expected: usize,
    pub refused: usize,
    pub resyncs: usize,
}

impl<'a> RunRecord<'a> {
    pub fn new(run: u8, layout: &'a Layout, writer_groups: &'a [WriterGroup]) -> Result<Self> {
        Ok(Self {
            run,
            layout,
            writer_groups,
            sent: writer_groups.iter().map(|_| Vec::new()).collect(),
            random: Random(u64::from(run)),
            checker: OrderingChecker::new(layout.reader_chats()),
            window: (Duration::MAX, Duration::MAX),
            posts: 0,
            deliveries: 0,
            latency: Histogram::new_with_max(LATENCY_MAX_MICROS, 3)?,
            unacknowledged: 0,
            expected: 0,
            refused: 0,
            resyncs: 0,
        })
    }

    pub fn writer_of(&self, marker: Marker) -> &'a Writer {
        let writers = &self.writer_groups[marker.group].writers;
        &writers[marker.counter % writers.len()]
    }

    fn is_in_window(&self, when: Duration) -> bool {
        self.window.0 <= when && when < self.window.1
    }

    /// Records that a group posts now, and returns the marker of the message.
    pub fn record_post(&mut self, group: usize, due: Duration) -> Marker {
        let marker = Marker { group, counter: self.sent[group].len() };
        self.sent[group].push(SentPost { due, acknowledged: false });
        self.unacknowledged += 1;
        marker
    }

    pub fn record_delivery(&mut self, socket: usize, marker: Marker, now: Duration) {
        let chat = self.writer_of(marker).chat;
        self.checker.record(self.layout.reader_index(chat, socket), marker);
        self.deliveries += usize::from(self.is_in_window(now));
        let due = self.sent[marker.group][marker.counter].due;
        if self.is_in_window(due) {
            let latency = now.saturating_sub(due).as_micros() as u64;
            self.latency.saturating_record(latency);
        }
    }

    pub fn record_acknowledgement(&mut self, marker: Marker, now: Duration) {
        let sent = &mut self.sent[marker.group][marker.counter];
        if !sent.acknowledged {
            sent.acknowledged = true;
            self.unacknowledged -= 1;
            self.expected += self.layout.members;
            self.posts += usize::from(self.is_in_window(now));
        }
    }

    pub fn is_complete(&self) -> bool {
        self.unacknowledged == 0 && self.checker.received() >= self.expected
    }

    pub fn find_faults(&self) -> DeliveryFaults {
        let mut acknowledged = vec![Vec::new(); self.layout.chats];
        for (group, sent) in self.sent.iter().enumerate() {
            for (counter, _) in sent.iter().enumerate().filter(|(_, sent)| sent.acknowledged) {
                let marker = Marker { group, counter };
                acknowledged[self.writer_of(marker).chat].push(marker);
            }
        }
        self.checker.find_faults(&acknowledged)
    }
}
