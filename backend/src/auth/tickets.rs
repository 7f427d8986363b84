//! Tickets: single-use tokens for requests on which browsers cannot set a header, such as opening a WebSocket.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use shared::{id::UserId, problem::ProblemCode};

use super::{jwt::Claims, opaque_token::OpaqueToken};
use crate::{
    clock::Clock,
    error::{ApiError, Rejection},
};

/// Lifetime of a ticket.
pub const TICKET_LIFETIME: Duration = Duration::from_secs(30);
/// The limit for all users together. Expired tickets are removed within a minute.
const TICKETS_MAX: usize = 100_000;
/// The limit per user: issuing another ticket revokes the oldest.
const TICKETS_PER_USER_MAX: usize = 20;

/// The tickets that were issued and not redeemed yet.
pub struct Tickets {
    clock: Clock,
    issued: Mutex<IssuedTickets>,
}

#[derive(Default)]
struct IssuedTickets {
    tickets: HashMap<OpaqueToken, (Instant, Claims)>,
    /// The tickets of each user, oldest first; may contain redeemed ones.
    by_user: HashMap<UserId, VecDeque<OpaqueToken>>,
}

impl IssuedTickets {
    fn remove_expired(&mut self, now: Instant) {
        let Self { tickets, by_user } = self;
        tickets.retain(|_, (issued_at, _)| now < *issued_at + TICKET_LIFETIME);
        by_user.retain(|_, own| {
            own.retain(|ticket| tickets.contains_key(ticket));
            !own.is_empty()
        });
    }

    fn insert(&mut self, ticket: OpaqueToken, claims: Claims, now: Instant) {
        let own = self.by_user.entry(claims.sub).or_default();
        own.push_back(ticket.clone());
        if own.len() > TICKETS_PER_USER_MAX
            && let Some(oldest) = own.pop_front()
        {
            self.tickets.remove(&oldest);
        }
        self.tickets.insert(ticket, (now, claims));
    }
}

impl Tickets {
    pub fn new(clock: Clock) -> Self {
        Self { clock, issued: Mutex::default() }
    }

    /// Issues a ticket for a session, unless there are too many.
    pub fn issue(&self, claims: Claims) -> Result<OpaqueToken, ApiError> {
        let (ticket, now) = (OpaqueToken::generate(), self.clock.instant());
        let mut issued = self.lock();
        if issued.tickets.len() >= TICKETS_MAX {
            issued.remove_expired(now);
        }
        if issued.tickets.len() >= TICKETS_MAX {
            return Err(Rejection::new(ProblemCode::Busy).retry_after(TICKET_LIFETIME).into());
        }
        issued.insert(ticket.clone(), claims, now);
        Ok(ticket)
    }

    /// Returns the claims for which the ticket was issued, once.
    pub fn redeem(&self, ticket: &OpaqueToken) -> Option<Claims> {
        let (issued_at, claims) = self.lock().tickets.remove(ticket)?;
        (self.clock.instant() < issued_at + TICKET_LIFETIME).then_some(claims)
    }

    pub fn remove_expired(&self) {
        self.lock().remove_expired(self.clock.instant());
    }

    fn lock(&self) -> MutexGuard<'_, IssuedTickets> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
