//! What was written and is not yet seen among the stored messages. Nothing leaves it but by being stored or by the
//! author's own hand, so no text is ever lost; the `client_id` makes sending again harmless.

use shared::problem::{Problem, ProblemCode};
use uuid::Uuid;

/// A server that fails this often on one message would hold up all that wait behind it.
const FAULTS_MAX: u8 = 5;
/// How long to hold back, in milliseconds, when the server does not say.
const HOLD: i64 = 2_000;

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
    pub uri: String,
    pub author: String,
    pub text: String,
    /// Milliseconds since 1970.
    pub written_at: i64,
    pub state: State,
    faults: u8,
}

impl Unsent {
    pub fn new(uri: String, author: String, text: String, written_at: i64) -> Self {
        Self { client_id: Uuid::new_v4(), uri, author, text, written_at, state: State::Waiting, faults: 0 }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    unsent: Vec<Unsent>,
    held_until: i64,
}

impl Outbox {
    pub fn add(&mut self, unsent: Unsent) {
        self.unsent.push(unsent);
    }

    /// What this author has not sent to this chat, in the order in which it was written.
    pub fn of<'a>(&'a self, uri: &'a str, author: &'a str) -> impl Iterator<Item = &'a Unsent> {
        self.unsent.iter().filter(move |u| u.uri == uri && u.author == author)
    }

    /// What is to be sent now. One at a time: a message never overtakes the one before it.
    pub fn take(&mut self, author: &str, now: i64) -> Option<Unsent> {
        let under_way = self.unsent.iter().any(|u| u.author == author && u.state == State::InFlight);
        if under_way || now < self.held_until {
            return None;
        }
        let next = self.unsent.iter_mut().find(|u| u.author == author && u.state == State::Waiting)?;
        next.state = State::InFlight;
        Some(next.clone())
    }

    pub fn stored(&mut self, client_id: Uuid, seq: i64) {
        self.change(client_id, |unsent| unsent.state = State::Stored(seq));
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

    pub fn retry(&mut self, client_id: Uuid) {
        self.change(client_id, |unsent| {
            unsent.state = State::Waiting;
            unsent.faults = 0;
        });
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

    /// Lets go of what is seen among the stored messages, and of what stands among those that are not loaded.
    pub fn settle(&mut self, uri: &str, head: i64, seen: impl Fn(Uuid) -> bool) {
        let passed = |u: &Unsent| u.uri == uri && matches!(u.state, State::Stored(seq) if seq <= head);
        self.unsent.retain(|u| !seen(u.client_id) && !passed(u));
    }

    fn change(&mut self, client_id: Uuid, change: impl FnOnce(&mut Unsent)) {
        if let Some(unsent) = self.unsent.iter_mut().find(|u| u.client_id == client_id) {
            change(unsent);
        }
    }
}

fn milliseconds(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(HOLD).saturating_mul(1_000).min(600_000)
}

#[cfg(test)]
mod tests;
