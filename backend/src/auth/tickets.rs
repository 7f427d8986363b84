//! Tickets: a browser cannot send a header with a socket, so it fetches one of these first.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use shared::problem::ProblemCode;

use super::SignedIn;
use crate::{
    problem::{Error, Refusal},
    secret::Secret,
};

/// How long a ticket is good.
pub const TICKET_LIFE: Duration = Duration::from_secs(30);
/// More than this are nobody's need; those that ran out are swept within a minute.
const MOST: usize = 100_000;
/// More than this are no one person's: of the next one the first is taken back.
const MOST_OF_ONE: usize = 20;

/// The tickets that were given out and not used yet.
#[derive(Default)]
pub struct Tickets {
    given: Mutex<Given>,
}

#[derive(Default)]
struct Given {
    all: HashMap<Secret, (Instant, SignedIn)>,
    /// Those of one person, the first first; some may be used already.
    of: HashMap<i64, VecDeque<Secret>>,
}

impl Given {
    fn sweep(&mut self) {
        let Self { all, of } = self;
        all.retain(|_, (at, _)| at.elapsed() < TICKET_LIFE);
        of.retain(|_, tickets| {
            tickets.retain(|ticket| all.contains_key(ticket));
            !tickets.is_empty()
        });
    }

    fn add(&mut self, ticket: Secret, who: SignedIn) {
        let tickets = self.of.entry(who.user.id).or_default();
        tickets.push_back(ticket.clone());
        if tickets.len() > MOST_OF_ONE
            && let Some(first) = tickets.pop_front()
        {
            self.all.remove(&first);
        }
        self.all.insert(ticket, (Instant::now(), who));
    }
}

impl Tickets {
    /// A new ticket for whoever is signed in, unless far too many were given out.
    pub fn give(&self, who: SignedIn) -> Result<Secret, Error> {
        let ticket = Secret::fresh();
        let mut given = self.given();
        if given.all.len() >= MOST {
            given.sweep();
        }
        if given.all.len() >= MOST {
            return Err(Refusal::new(ProblemCode::Busy).retry_after(TICKET_LIFE).into());
        }
        given.add(ticket.clone(), who);
        Ok(ticket)
    }

    /// Whose ticket it is, once.
    pub fn redeem(&self, ticket: &Secret) -> Option<SignedIn> {
        let (at, who) = self.given().all.remove(ticket)?;
        (at.elapsed() < TICKET_LIFE).then_some(who)
    }

    /// Forgets the tickets that nobody came to use.
    pub fn sweep(&self) {
        self.given().sweep();
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
