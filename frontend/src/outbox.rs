//! What was written and is not yet seen among the stored messages. Nothing leaves it but by being stored or by the
//! author's own hand, so no text is ever lost; the `client_id` makes sending again harmless.

pub mod courier;
mod shelf;

use shared::problem::{Problem, ProblemCode};
use uuid::Uuid;

/// A server that fails this often on one message would hold up all that wait behind it.
const FAULTS_MAX: u8 = 5;
/// How long to hold back, in milliseconds, when the server does not say.
const HOLD: i64 = 2_000;
/// After so many in a row the server may begin to ask for patience, and what was sent behind a message that it turned
/// away could overtake it: from then on one at a time.
const SWIFT: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Waiting,
    InFlight,
    /// The server has it, at this place; it leaves when the timeline has come so far.
    Stored(i64),
    Failed(ProblemCode),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    pub client_id: Uuid,
    /// The author's account.
    pub account: i64,
    pub uri: String,
    pub text: String,
    /// When it was written or tried anew, in milliseconds since 1970: its place among the others.
    pub at: i64,
    pub state: State,
    /// Whether it outlasts the page.
    pub kept: bool,
    faults: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    /// In the order in which they go out.
    unsent: Vec<Unsent>,
    held_until: i64,
    /// How many went out since there was nothing to send.
    in_a_row: usize,
}

impl Outbox {
    pub fn add(&mut self, account: i64, uri: String, text: String, now: i64) -> Unsent {
        let (client_id, at) = (Uuid::new_v4(), self.next_place(now));
        let unsent =
            Unsent { client_id, account, uri, text, at, state: State::Waiting, kept: false, faults: 0 };
        self.unsent.push(unsent.clone());
        unsent
    }

    /// Takes in what another page left behind, unless it is known.
    pub fn take_up(&mut self, left: Unsent) -> bool {
        let new = self.find(left.client_id).is_none();
        if new {
            let place = self.unsent.partition_point(|u| (u.at, u.client_id) < (left.at, left.client_id));
            self.unsent.insert(place, left);
        }
        new
    }

    /// What this account has not sent to this chat, in the order in which it will stand there: what failed goes out
    /// last, if ever.
    pub fn of<'a>(&'a self, uri: &'a str, account: i64) -> impl Iterator<Item = &'a Unsent> {
        let here = move |u: &&Unsent| u.uri == uri && u.account == account;
        let (failed, others) = (self.unsent.iter().filter(here), self.unsent.iter().filter(here));
        others.filter(|u| !u.has_failed()).chain(failed.filter(|u| u.has_failed()))
    }

    /// What is to be sent now, while at most `at_once` are under way: a message never overtakes the one before it.
    pub fn take(&mut self, account: i64, at_once: usize, now: i64) -> Option<Unsent> {
        let under_way = self.unsent.iter().filter(|u| u.state == State::InFlight).count();
        let at_once = if self.in_a_row < SWIFT { at_once } else { 1 };
        if under_way >= at_once || now < self.held_until {
            return None;
        }
        let next = self.unsent.iter_mut().find(|u| u.account == account && u.state == State::Waiting)?;
        next.state = State::InFlight;
        self.in_a_row += 1;
        Some(next.clone())
    }

    /// Whether there is something to send.
    pub fn waits(&self, account: i64) -> bool {
        self.unsent.iter().any(|u| u.account == account && u.state == State::Waiting)
    }

    pub fn find(&self, client_id: Uuid) -> Option<&Unsent> {
        self.unsent.iter().find(|u| u.client_id == client_id)
    }

    pub fn stored(&mut self, client_id: Uuid, seq: i64) {
        self.change(client_id, |unsent| unsent.state = State::Stored(seq));
        if !self.unsent.iter().any(|u| matches!(u.state, State::Waiting | State::InFlight)) {
            self.in_a_row = 0;
        }
    }

    /// Returns how many milliseconds to hold back before going on, if the server asks for patience.
    pub fn refused(&mut self, client_id: Uuid, problem: &Problem, now: i64) -> Option<i64> {
        let patience = problem.code.is_passing() || problem.code.status() == 401;
        let fault = problem.code == ProblemCode::Internal;
        let mut held = None;
        self.change(client_id, |unsent| {
            unsent.faults += u8::from(fault);
            if patience && unsent.faults < FAULTS_MAX {
                unsent.state = State::Waiting;
                held = Some(problem.retry_after.map_or(HOLD, milliseconds));
            } else {
                unsent.state = State::Failed(problem.code);
            }
        });
        if let Some(held) = held {
            self.held_until = now + held;
            self.in_a_row = SWIFT;
        }
        held
    }

    /// The way broke: nobody knows what became of what was under way.
    pub fn lost(&mut self) {
        self.held_until = 0;
        for unsent in self.unsent.iter_mut().filter(|u| u.state == State::InFlight) {
            unsent.state = State::Waiting;
        }
    }

    /// Tries it anew, behind all that went out meanwhile. Returns it as it was and as it is.
    pub fn retry(&mut self, client_id: Uuid, now: i64) -> Option<(Unsent, Unsent)> {
        let before = self.remove(client_id)?;
        let (state, at) = (State::Waiting, self.next_place(now));
        let after = Unsent { state, at, kept: false, faults: 0, ..before.clone() };
        self.unsent.push(after.clone());
        Some((before, after))
    }

    /// Takes it out, to be thrown away or written anew.
    pub fn remove(&mut self, client_id: Uuid) -> Option<Unsent> {
        let at = self.unsent.iter().position(|u| u.client_id == client_id)?;
        Some(self.unsent.remove(at))
    }

    /// The time of holding back is over.
    pub fn release(&mut self) {
        self.held_until = 0;
    }

    /// Lets go of what is seen among the stored messages, and of what stands among those that are not loaded. Returns
    /// what was seen there before the server answered.
    pub fn settle(&mut self, uri: &str, head: i64, seen: impl Fn(Uuid) -> bool) -> Vec<Unsent> {
        let passed = |u: &Unsent| u.uri == uri && matches!(u.state, State::Stored(seq) if seq <= head);
        let mut early = Vec::new();
        self.unsent.retain(|unsent| {
            let leaves = seen(unsent.client_id) || passed(unsent);
            if leaves && !matches!(unsent.state, State::Stored(_)) {
                early.push(unsent.clone());
            }
            !leaves
        });
        early
    }

    pub fn kept(&mut self, client_id: Uuid) {
        self.change(client_id, |unsent| unsent.kept = true);
    }

    /// What would be lost with the page.
    pub fn unkept(&self) -> Vec<Unsent> {
        let unkept = |u: &&Unsent| !u.kept && !matches!(u.state, State::Stored(_));
        self.unsent.iter().filter(unkept).cloned().collect()
    }

    fn next_place(&self, now: i64) -> i64 {
        self.unsent.last().map_or(now, |last| now.max(last.at + 1))
    }

    fn change(&mut self, client_id: Uuid, change: impl FnOnce(&mut Unsent)) {
        if let Some(unsent) = self.unsent.iter_mut().find(|u| u.client_id == client_id) {
            change(unsent);
        }
    }
}

impl Unsent {
    pub fn has_failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
    }
}

fn milliseconds(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(HOLD).saturating_mul(1_000).min(600_000)
}

#[cfg(test)]
mod tests;
