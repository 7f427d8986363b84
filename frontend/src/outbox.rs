//! What was written and is not yet seen among the stored messages. Nothing leaves it but by being stored or by the
//! author's own hand, so no text is ever lost; the `client_id` makes sending again harmless.

pub mod courier;
mod shelf;

use std::collections::BTreeMap;

use shared::problem::{Problem, ProblemCode};
use uuid::Uuid;

/// A server that fails this often on one message would hold up all that wait behind it.
const FAULTS_MAX: u8 = 5;
/// How long to hold back, in milliseconds, when the server does not say.
const HOLD: i64 = 2_000;
/// For how long the server, or a slow chat, is believed to hold back, in milliseconds.
const LONGEST: i64 = 10 * 60 * 1_000;
const SLOWEST: i64 = 24 * 60 * 60 * 1_000;
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
    /// The chats that let one write only now and then, and until when each holds one back.
    slow: BTreeMap<String, i64>,
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
        let waits = |u: &&mut Unsent| u.account == account && u.state == State::Waiting;
        let busy: Vec<String> = self.slow.keys().filter(|uri| self.is_held(uri, now)).cloned().collect();
        let next = self.unsent.iter_mut().filter(waits).find(|u| !busy.contains(&u.uri))?;
        next.state = State::InFlight;
        self.in_a_row += 1;
        Some(next.clone())
    }

    /// A slow chat holds back nothing but its own messages, of which one goes out at a time.
    fn is_held(&self, uri: &str, now: i64) -> bool {
        let under_way = |u: &Unsent| u.uri == uri && u.state == State::InFlight;
        self.slow.get(uri).is_some_and(|until| now < *until || self.unsent.iter().any(under_way))
    }

    /// Until when a message that waits for this chat is held back because the chat is slow.
    pub fn held_in(&self, uri: &str, account: i64) -> Option<i64> {
        let waits = |u: &Unsent| u.uri == uri && u.account == account && u.state == State::Waiting;
        self.slow.get(uri).copied().filter(|_| self.unsent.iter().any(waits))
    }

    /// The chat has another address. Returns what is for it, as it was and as it is.
    pub fn move_to(&mut self, from: &str, to: &str) -> Vec<(Unsent, Unsent)> {
        if let Some(until) = self.slow.remove(from) {
            self.slow.insert(to.to_owned(), until);
        }
        let moved = self.unsent.iter_mut().filter(|u| u.uri == from);
        moved
            .map(|unsent| {
                let before = unsent.clone();
                to.clone_into(&mut unsent.uri);
                (before, unsent.clone())
            })
            .collect()
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
        let slow = problem.code == ProblemCode::SlowMode;
        let (mut held, mut uri) = (None, String::new());
        self.change(client_id, |unsent| {
            unsent.faults += u8::from(fault);
            if patience && unsent.faults < FAULTS_MAX {
                unsent.state = State::Waiting;
                let most = if slow { SLOWEST } else { LONGEST };
                held = Some(problem.retry_after.map_or(HOLD, |seconds| milliseconds(seconds).min(most)));
                uri.clone_from(&unsent.uri);
            } else {
                unsent.state = State::Failed(problem.code);
            }
        });
        if let Some(held) = held.filter(|_| slow) {
            // A moment less than is waited, so that the wait is over when it ends.
            self.slow.insert(uri, now + held - 1);
        } else if let Some(held) = held {
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
    i64::try_from(seconds).unwrap_or(HOLD).saturating_mul(1_000)
}

#[cfg(test)]
mod tests;
