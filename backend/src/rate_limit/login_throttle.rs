//! Throttles sign-in attempts per account. After too many failures the wait doubles with each attempt. Attackers cannot lock
//! the owner out: each origin waits separately, and a browser in which the owner was signed in is an origin of its own.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use moka::{
    ops::compute::{CompResult, Op},
    sync::Cache,
};
use uuid::Uuid;

use super::{KeyedLimiter, check_key, keyed, too_many};
use crate::{clock::Clock, config::limits::Rate, error::ApiError};

/// How many origins are remembered, and for how long after the last attempt.
const ORIGINS_MAX: u64 = 200_000;
const ORIGIN_TTL: Duration = Duration::from_hours(1);
const WAIT_MAX: Duration = Duration::from_mins(15);

/// Where a sign-in attempt comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoginOrigin {
    /// A browser in which this account was used before.
    Browser(Uuid),
    /// Any other client.
    Address(IpAddr),
    /// An active session of this account that re-authenticates.
    Session(Uuid),
}

pub struct LoginThrottle {
    rate: Rate,
    clock: Clock,
    /// By account and origin.
    attempts: Cache<(String, LoginOrigin), Attempts>,
    /// For each account, from all addresses together.
    from_addresses: KeyedLimiter<String>,
}

/// The failed attempts since the last success.
#[derive(Clone, Copy)]
struct Attempts {
    last_at: Instant,
    count: u32,
}

impl LoginThrottle {
    pub fn new(rate: Rate, from_addresses: Rate, clock: &Clock) -> Self {
        let attempts = Cache::builder().max_capacity(ORIGINS_MAX).time_to_idle(ORIGIN_TTL).build();
        Self { rate, clock: clock.clone(), attempts, from_addresses: keyed(from_addresses, clock) }
    }

    /// Counts an attempt before its result is known, so that concurrent attempts are limited like successive ones.
    pub fn check(&self, account: &str, origin: LoginOrigin) -> Result<(), ApiError> {
        let now = self.clock.instant();
        let mut wait = Duration::ZERO;
        let result = self.attempts.entry((account.to_owned(), origin)).and_compute_with(|entry| {
            let previous = entry.map(moka::Entry::into_value);
            let count = previous.map_or(0, |previous| previous.count);
            let elapsed =
                previous.map_or(Duration::MAX, |previous| now.saturating_duration_since(previous.last_at));
            wait = self.wait_after(count).saturating_sub(elapsed);
            if wait.is_zero() {
                Op::Put(Attempts { last_at: now, count: count.saturating_add(1) })
            } else {
                Op::Nop
            }
        });
        if matches!(result, CompResult::Unchanged(_)) {
            return Err(too_many(wait));
        }
        match origin {
            LoginOrigin::Address(_) => check_key(&self.from_addresses, &account.to_owned()),
            LoginOrigin::Browser(_) | LoginOrigin::Session(_) => Ok(()),
        }
    }

    pub fn reset(&self, account: &str, origin: LoginOrigin) {
        self.attempts.invalidate(&(account.to_owned(), origin));
    }

    pub fn remove_expired(&self) {
        self.from_addresses.retain_recent();
    }

    /// How long to wait after this many failed attempts.
    fn wait_after(&self, count: u32) -> Duration {
        let Some(excess) = count.checked_sub(self.rate.most) else { return Duration::ZERO };
        let first = self.rate.per / self.rate.most;
        first.saturating_mul(2_u32.saturating_pow(excess)).min(WAIT_MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const ORIGIN: LoginOrigin = LoginOrigin::Address(IpAddr::V4(Ipv4Addr::LOCALHOST));

    fn throttle() -> LoginThrottle {
        let minute = Duration::from_mins(1);
        LoginThrottle::new(Rate { most: 5, per: minute }, Rate { most: 20, per: minute }, &Clock::default())
    }

    fn wait(result: Result<(), ApiError>) -> Option<u64> {
        result.err().and_then(|error| error.problem().retry_after)
    }

    #[test]
    fn login_wait_doubles_up_to_maximum() {
        let throttle = throttle();
        let waits: Vec<_> = (0..14).map(|count| throttle.wait_after(count).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 12, 24, 48, 96, 192, 384, 768, 900, 900]);
        assert_eq!(throttle.wait_after(u32::MAX), WAIT_MAX);
    }

    #[test]
    fn login_origins_wait_separately() {
        let throttle = throttle();
        for _ in 0..5 {
            throttle.check("ada", ORIGIN).unwrap();
        }
        assert_eq!(wait(throttle.check("ada", ORIGIN)), Some(12));
        assert_eq!(wait(throttle.check("ada", ORIGIN)), Some(12), "rejected attempts do not extend the wait");
        throttle.check("brian", ORIGIN).unwrap();
        throttle.check("ada", LoginOrigin::Browser(Uuid::nil())).unwrap();
        throttle.clock.advance(Duration::from_secs(12));
        throttle.check("ada", ORIGIN).unwrap();
        assert_eq!(wait(throttle.check("ada", ORIGIN)), Some(24));
        throttle.reset("ada", ORIGIN);
        throttle.check("ada", ORIGIN).unwrap();
    }

    #[test]
    fn unknown_origins_share_a_limit() {
        let throttle = throttle();
        for number in 0..20 {
            throttle.check("ada", LoginOrigin::Address(Ipv4Addr::from(number).into())).unwrap();
        }
        assert!(wait(throttle.check("ada", LoginOrigin::Address(Ipv4Addr::from(99).into()))).is_some());
        throttle.check("ada", LoginOrigin::Browser(Uuid::nil())).unwrap();
        throttle.check("ada", LoginOrigin::Session(Uuid::nil())).unwrap();
    }
}
