//! Posts in a steady way, listens, and keeps account.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;

use crate::dialect::{Dialect, Heard, Person};
use crate::layout::Layout;
use crate::mark::{self, Mark, Random};
use crate::order::{Faults, Order};
use crate::sockets::{Guest, Sockets};

/// When all is said, nothing new for so long means that nothing more will come.
const SILENCE: Duration = Duration::from_secs(5);
/// After all that was expected has come: time for what was not.
const AFTERWARDS: Duration = Duration::from_millis(100);
/// The longest time in microseconds that is told from others.
const LONGEST: u64 = 60_000_000;

/// How fast is posted.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// Each lane posts when its last message was acknowledged.
    Closed,
    /// So many posts a second, come what may. Times count from when a post was due.
    PerSecond(f64),
}

#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub pace: Pace,
    pub warm_up: Duration,
    pub length: Duration,
}

/// Says the same kind of thing again and again: message n goes to speaker n, and round again.
pub struct Lane {
    pub speakers: Vec<Speaker>,
}

pub struct Speaker {
    pub socket: usize,
    pub chat: usize,
}

/// What came of it.
pub struct Outcome<U> {
    pub seconds: f64,
    pub posts: usize,
    pub deliveries: usize,
    /// From when a post was due until a reader had it, in microseconds.
    pub latency: Histogram<u64>,
    pub faults: Faults,
    pub refused: usize,
    pub resyncs: usize,
    /// What `look` saw at both ends.
    pub before: U,
    pub after: U,
}

/// A crowd that talks.
pub struct Crowd {
    dialect: Dialect,
    sockets: Sockets,
    layout: Layout,
    runs: u8,
}

struct Sent {
    due: Duration,
    acknowledged: bool,
}

/// One run's account.
struct Account<'a> {
    run: u8,
    layout: &'a Layout,
    lanes: &'a [Lane],
    sent: Vec<Vec<Sent>>,
    random: Random,
    order: Order,
    /// What is due or heard in it counts.
    window: (Duration, Duration),
    posts: usize,
    deliveries: usize,
    latency: Histogram<u64>,
    unanswered: usize,
    /// Deliveries that must come for what was acknowledged.
    expected: usize,
    refused: usize,
    resyncs: usize,
}

impl Crowd {
    pub fn open(dialect: Dialect, address: SocketAddr, layout: Layout, people: &[Person]) -> Result<Self> {
        let guests: Vec<_> = people
            .iter()
            .take(layout.people)
            .enumerate()
            .map(|(socket, person)| Guest { person: person.clone(), chats: layout.chats_of(socket) })
            .collect();
        let sockets = Sockets::open(dialect, address, &guests)?;
        sockets.all_are_open()?;
        Ok(Self { dialect, sockets, layout, runs: 0 })
    }

    /// Talks by the plan; `look` is called when the measured time begins and when it ends.
    pub fn talk<U>(
        &mut self,
        lanes: &[Lane],
        plan: Plan,
        look: impl Fn() -> Result<U>,
    ) -> Result<Outcome<U>> {
        self.runs += 1;
        let layout = self.layout.clone();
        let mut account = Account::new(self.runs, &layout, lanes)?;
        let start = Instant::now();
        let mut pace = Pacer::new(plan.pace);
        if matches!(plan.pace, Pace::Closed) {
            for lane in 0..lanes.len() {
                self.post(&mut account, lane, start.elapsed());
            }
        }
        self.talk_until(&mut account, &mut pace, start, plan.warm_up)?;
        let (before, from) = (look()?, start.elapsed());
        account.window = (from, from + plan.length);
        self.talk_until(&mut account, &mut pace, start, from + plan.length)?;
        let (to, after) = (start.elapsed(), look()?);
        account.window.1 = to;
        let (posts, deliveries) = (account.posts, account.deliveries);
        self.hear_the_rest(&mut account, start)?;
        Ok(Outcome {
            seconds: to.saturating_sub(from).as_secs_f64(),
            posts,
            deliveries,
            faults: account.judge(),
            latency: account.latency,
            refused: account.refused,
            resyncs: account.resyncs,
            before,
            after,
        })
    }

    fn talk_until(
        &mut self,
        account: &mut Account,
        pacer: &mut Pacer,
        start: Instant,
        end: Duration,
    ) -> Result<()> {
        loop {
            let now = start.elapsed();
            if now >= end {
                return Ok(());
            }
            while let Some((lane, due)) = pacer.due(now, account.lanes.len()) {
                self.post(account, lane, due);
            }
            let patience = pacer.patience(now).min(end.saturating_sub(now));
            self.listen(account, start, patience, matches!(pacer.pace, Pace::Closed))?;
        }
    }

    fn hear_the_rest(&mut self, account: &mut Account, start: Instant) -> Result<()> {
        let mut last = Instant::now();
        while last.elapsed() < SILENCE && !account.is_complete() {
            if self.listen(account, start, Duration::from_millis(100), false)? {
                last = Instant::now();
            }
        }
        let complete = Instant::now();
        while complete.elapsed() < AFTERWARDS {
            self.listen(account, start, AFTERWARDS, false)?;
        }
        Ok(())
    }

    /// Says whether there was anything to hear.
    fn listen(
        &mut self,
        account: &mut Account,
        start: Instant,
        patience: Duration,
        go_on: bool,
    ) -> Result<bool> {
        let ready = self.sockets.ready(Some(patience))?;
        for &socket in &ready {
            let (mut answers, mut acknowledged, now) = (Vec::new(), Vec::new(), start.elapsed());
            let dialect = self.dialect;
            self.sockets.read(socket, |frame| match dialect.hear(frame) {
                Heard::Messages => mark::each(frame, account.run, |mark| account.hear(socket, mark, now)),
                Heard::Acknowledged(mark) => acknowledged.push(mark),
                Heard::Answer(answer) => answers.push(answer),
                Heard::Refused => account.refused += 1,
                Heard::Resync => account.resyncs += 1,
                Heard::Welcome | Heard::Joined | Heard::Nothing => {}
            })?;
            for answer in answers {
                self.sockets.say(socket, answer);
            }
            for mark in acknowledged {
                account.acknowledge(mark, now);
                if go_on {
                    self.post(account, mark.lane, start.elapsed());
                }
            }
        }
        Ok(!ready.is_empty())
    }

    fn post(&mut self, account: &mut Account, lane: usize, due: Duration) {
        let mark = Mark { lane, counter: account.sent[lane].len() };
        let Speaker { socket, chat } = account.speaker(mark);
        let (socket, chat) = (*socket, *chat);
        let id = mark.id(account.random.next());
        self.sockets.say(socket, &self.dialect.post(chat, &id, &mark.text(account.run)));
        account.sent[lane].push(Sent { due, acknowledged: false });
        account.unanswered += 1;
    }
}

impl<'a> Account<'a> {
    fn new(run: u8, layout: &'a Layout, lanes: &'a [Lane]) -> Result<Self> {
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

    fn speaker(&self, mark: Mark) -> &'a Speaker {
        let speakers = &self.lanes[mark.lane].speakers;
        &speakers[mark.counter % speakers.len()]
    }

    fn counts(&self, when: Duration) -> bool {
        self.window.0 <= when && when < self.window.1
    }

    fn hear(&mut self, socket: usize, mark: Mark, now: Duration) {
        let chat = self.speaker(mark).chat;
        self.order.hear(self.layout.reader(chat, socket), mark);
        self.deliveries += usize::from(self.counts(now));
        let due = self.sent[mark.lane][mark.counter].due;
        if self.counts(due) {
            let took = now.saturating_sub(due).as_micros() as u64;
            self.latency.saturating_record(took);
        }
    }

    fn acknowledge(&mut self, mark: Mark, now: Duration) {
        let sent = &mut self.sent[mark.lane][mark.counter];
        if !sent.acknowledged {
            sent.acknowledged = true;
            self.unanswered -= 1;
            self.expected += self.layout.members;
            self.posts += usize::from(self.counts(now));
        }
    }

    fn is_complete(&self) -> bool {
        self.unanswered == 0 && self.order.heard() >= self.expected
    }

    fn judge(&self) -> Faults {
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

/// Knows when the next post is due.
struct Pacer {
    pace: Pace,
    posted: usize,
}

impl Pacer {
    fn new(pace: Pace) -> Self {
        Self { pace, posted: 0 }
    }

    fn next(&self) -> Option<Duration> {
        match self.pace {
            Pace::Closed => None,
            Pace::PerSecond(rate) => Some(Duration::from_secs_f64(self.posted as f64 / rate)),
        }
    }

    /// The lane whose turn it is, if a post is due.
    fn due(&mut self, now: Duration, lanes: usize) -> Option<(usize, Duration)> {
        let due = self.next().filter(|due| *due <= now)?;
        self.posted += 1;
        Some(((self.posted - 1) % lanes, due))
    }

    /// How long may be slept. The system sleeps in whole milliseconds, so the last two are spent awake.
    fn patience(&self, now: Duration) -> Duration {
        match self.next() {
            None => Duration::MAX,
            Some(due) => due.saturating_sub(now + Duration::from_millis(2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_that_come_late_keep_the_time_at_which_they_were_due() {
        let mut pacer = Pacer::new(Pace::PerSecond(100.0));
        let now = Duration::from_millis(25);
        let due: Vec<_> = std::iter::from_fn(|| pacer.due(now, 2)).collect();
        let expected = [(0, 0), (1, 10), (0, 20)].map(|(lane, millis)| (lane, Duration::from_millis(millis)));
        assert_eq!(due, expected);
        assert_eq!(pacer.patience(now), Duration::from_millis(3));
    }
}
