//! Posts in a steady way, listens, and keeps account.

mod account;
mod pacer;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use account::Account;
use anyhow::Result;
use hdrhistogram::Histogram;
use pacer::Pacer;

use crate::dialect::{Dialect, Heard, Person};
use crate::layout::Layout;
use crate::mark;
use crate::order::Faults;
use crate::sockets::{Guest, Sockets};

/// When all is said, nothing new for so long means that nothing more will come.
const SILENCE: Duration = Duration::from_secs(5);
/// Nor is there more patience than this with who has fallen far behind.
const LONGEST: Duration = Duration::from_mins(1);
/// After all that was expected has come: time for what was not.
const AFTERWARDS: Duration = Duration::from_millis(100);

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
        let end = start.elapsed() + LONGEST;
        while start.elapsed() < end && last.elapsed() < SILENCE && !account.is_complete() {
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
        let mark = account.say(lane, due);
        let Speaker { socket, chat } = account.speaker(mark);
        let id = mark.id(account.random.next());
        self.sockets.say(*socket, &self.dialect.post(*chat, &id, &mark.text(account.run)));
    }
}
