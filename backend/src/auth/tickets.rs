//! Tickets: a browser cannot send a header with a socket, so it fetches one of these first.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
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

/// The tickets that were given out and not used yet.
#[derive(Default)]
pub struct Tickets {
    given: Mutex<HashMap<Secret, (Instant, SignedIn)>>,
}

impl Tickets {
    /// A new ticket for whoever is signed in, unless far too many were given out.
    pub fn give(&self, who: SignedIn) -> Result<Secret, Error> {
        let ticket = Secret::fresh();
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if given.len() >= MOST {
            return Err(Refusal::new(ProblemCode::Busy).retry_after(TICKET_LIFE).into());
        }
        given.insert(ticket.clone(), (Instant::now(), who));
        Ok(ticket)
    }

    /// Whose ticket it is, once.
    pub fn redeem(&self, ticket: &Secret) -> Option<SignedIn> {
        let (at, who) = self.given.lock().unwrap_or_else(PoisonError::into_inner).remove(ticket)?;
        (at.elapsed() < TICKET_LIFE).then_some(who)
    }

    /// Forgets the tickets that nobody came to use.
    pub fn sweep(&self) {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.retain(|_, (at, _)| at.elapsed() < TICKET_LIFE);
    }
}
