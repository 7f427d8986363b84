//! Tickets: a browser cannot send a header with a socket, so it fetches one of these first.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use rand::distr::{Alphanumeric, SampleString};

use super::SignedIn;

/// How long a ticket is good.
pub const TICKET_LIFE: Duration = Duration::from_secs(30);
/// 43 base62 characters hold 256 bits.
const LENGTH: usize = 43;
/// More than this wait for nobody: the oldest are long void.
const MOST: usize = 100_000;

/// The tickets that were given out and not used yet.
#[derive(Default)]
pub struct Tickets {
    given: Mutex<HashMap<String, (Instant, SignedIn)>>,
}

impl Tickets {
    /// A new ticket for whoever is signed in.
    pub fn give(&self, who: SignedIn) -> String {
        let ticket = Alphanumeric.sample_string(&mut rand::rng(), LENGTH);
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if given.len() >= MOST {
            given.retain(|_, (at, _)| at.elapsed() < TICKET_LIFE);
        }
        given.insert(ticket.clone(), (Instant::now(), who));
        ticket
    }

    /// Whose ticket it is, once.
    pub fn redeem(&self, ticket: &str) -> Option<SignedIn> {
        let (at, who) = self.given.lock().unwrap_or_else(PoisonError::into_inner).remove(ticket)?;
        (at.elapsed() < TICKET_LIFE).then_some(who)
    }

    /// Forgets the tickets that nobody came to use.
    pub fn sweep(&self) {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.retain(|_, (at, _)| at.elapsed() < TICKET_LIFE);
    }
}
