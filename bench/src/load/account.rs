//! What one run said and heard.

use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

use super::{Lane, Speaker};
use crate::layout::Layout;
use crate::mark::{Mark, Random};
use crate::order::{Faults, Order};

/// The longest time in microseconds that is told from others.
const LONGEST: u64 = 60_000_000;

struct Sent {
    due: Duration,
    acknowledged: bool,
}

/// One run's account.
pub struct Account<'a> {
    pub run: u8,
    layout: &'a Layout,
    pub lanes: &'a [Lane],
    sent: Vec<Vec<Sent>>,
    pub random: Random,
    order: Order,
    /// What is due or heard in it counts.
    pub window: (Duration, Duration),
    pub posts: usize,
    pub deliveries: usize,
    pub latency: Histogram<u64>,
    unanswered: usize,
    /// Deliveries that must come for what was acknowledged.
    expected: usize,
    pub refused: usize,
    pub resyncs: usize,
}

impl<'a> Account<'a> {
    pub fn new(run: u8, layout: &'a Layout, lanes: &'a [Lane]) -> Result<Self> {
        Ok(Self {
            run,
            layout,
            lanes,
            sent: lanes.iter().map(|_| Vec::new()).collect(),
            random: Random(u64::from(run)),
            order: Order::new(layout.readers()),
            window: (Duration::MAX, Duration::MAX),
            posts: 0,
            deliveries: 0,
            latency: Histogram::new_with_max(LONGEST, 3)?,
            unanswered: 0,
            expected: 0,
            refused: 0,
            resyncs: 0,
        })
    }

    pub fn speaker(&self, mark: Mark) -> &'a Speaker {
        let speakers = &self.lanes[mark.lane].speakers;
        &speakers[mark.counter % speakers.len()]
    }

    fn counts(&self, when: Duration) -> bool {
        self.window.0 <= when && when < self.window.1
    }

    /// Writes down that this lane says something now, and what it is.
    pub fn say(&mut self, lane: usize, due: Duration) -> Mark {
        let mark = Mark { lane, counter: self.sent[lane].len() };
        self.sent[lane].push(Sent { due, acknowledged: false });
        self.unanswered += 1;
        mark
    }

    pub fn hear(&mut self, socket: usize, mark: Mark, now: Duration) {
        let chat = self.speaker(mark).chat;
        self.order.hear(self.layout.reader(chat, socket), mark);
        self.deliveries += usize::from(self.counts(now));
        let due = self.sent[mark.lane][mark.counter].due;
        if self.counts(due) {
            let took = now.saturating_sub(due).as_micros() as u64;
            self.latency.saturating_record(took);
        }
    }

    pub fn acknowledge(&mut self, mark: Mark, now: Duration) {
        let sent = &mut self.sent[mark.lane][mark.counter];
        if !sent.acknowledged {
            sent.acknowledged = true;
            self.unanswered -= 1;
            self.expected += self.layout.members;
            self.posts += usize::from(self.counts(now));
        }
    }

    pub fn is_complete(&self) -> bool {
        self.unanswered == 0 && self.order.heard() >= self.expected
    }

    pub fn judge(&self) -> Faults {
        let mut acknowledged = vec![Vec::new(); self.layout.chats];
        for (lane, sent) in self.sent.iter().enumerate() {
            for (counter, _) in sent.iter().enumerate().filter(|(_, sent)| sent.acknowledged) {
                let mark = Mark { lane, counter };
                acknowledged[self.speaker(mark).chat].push(mark);
            }
        }
        self.order.judge(&acknowledged)
    }
}
