//! Tries to sign in to an account. Whoever is wrong too often waits, ever longer; but nobody can keep its owner out: places
//! wait for themselves, and a browser in which the owner was signed in before is a place of its own.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use governor::DefaultKeyedRateLimiter;
use moka::{
    ops::compute::{CompResult, Op},
    sync::Cache,
};
use uuid::Uuid;

use super::{count, keyed, too_many};
use crate::{config::limits::Rate, problem::Error};

/// How many places are remembered, and for how long after the last try.
const PLACES_MAX: u64 = 200_000;
const REMEMBERED_FOR: Duration = Duration::from_hours(1);
/// The longest that anyone waits.
const WAIT_MAX: Duration = Duration::from_mins(15);

/// From where an account is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A browser in which somebody was signed in to this account before.
    Browser(Uuid),
    /// Anywhere else.
    Address(IpAddr),
    /// Somebody who is signed in to it by this session, and is asked again.
    Session(Uuid),
}

pub struct Tries {
    rate: Rate,
    /// By account and place.
    places: Cache<(String, Place), Last>,
    /// Of each account, from all addresses together.
    elsewhere: DefaultKeyedRateLimiter<String>,
}

/// The last try, and how many there were that nothing good came of.
#[derive(Clone, Copy)]
struct Last {
    at: Instant,
    tries: u32,
}

impl Tries {
    pub fn new(rate: Rate, elsewhere: Rate) -> Self {
        let places = Cache::builder().max_capacity(PLACES_MAX).time_to_idle(REMEMBERED_FOR).build();
        Self { rate, places, elsewhere: keyed(elsewhere) }
    }

    /// Counts a try before it is known what comes of it, so that many at once are not more than one after the other.
    pub fn count(&self, account: &str, place: Place) -> Result<(), Error> {
        let now = Instant::now();
        let mut wait = Duration::ZERO;
        let tried = self.places.entry((account.to_owned(), place)).and_compute_with(|entry| {
            let last = entry.map(moka::Entry::into_value);
            let tries = last.map_or(0, |last| last.tries);
            let passed = last.map_or(Duration::MAX, |last| now.saturating_duration_since(last.at));
            wait = self.wait_after(tries).saturating_sub(passed);
            if wait.is_zero() { Op::Put(Last { at: now, tries: tries.saturating_add(1) }) } else { Op::Nop }
        });
        if matches!(tried, CompResult::Unchanged(_)) {
            return Err(too_many(wait));
        }
        if matches!(place, Place::Address(_)) { count(&self.elsewhere, &account.to_owned()) } else { Ok(()) }
    }

    pub fn forget(&self, account: &str, place: Place) {
        self.places.invalidate(&(account.to_owned(), place));
    }

    pub fn sweep(&self) {
        self.elsewhere.retain_recent();
    }

    /// How long to wait after so many tries that were wrong.
    fn wait_after(&self, tries: u32) -> Duration {
        let Some(beyond) = tries.checked_sub(self.rate.most) else { return Duration::ZERO };
        let first = self.rate.per / self.rate.most;
        first.saturating_mul(2_u32.saturating_pow(beyond)).min(WAIT_MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HERE: Place = Place::Address(IpAddr::V4(Ipv4Addr::LOCALHOST));

    fn tries() -> Tries {
        let minute = Duration::from_mins(1);
        Tries::new(Rate { most: 5, per: minute }, Rate { most: 20, per: minute })
    }

    fn wait(refused: Result<(), Error>) -> Option<u64> {
        refused.err().and_then(|refused| refused.problem().retry_after)
    }

    #[test]
    fn each_try_beyond_the_fifth_doubles_the_wait_up_to_a_quarter_of_an_hour() {
        let tries = tries();
        let waits: Vec<_> = (0..14).map(|count| tries.wait_after(count).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 12, 24, 48, 96, 192, 384, 768, 900, 900]);
        assert_eq!(tries.wait_after(u32::MAX), WAIT_MAX);
    }

    #[test]
    fn places_wait_for_themselves_and_whoever_is_right_begins_anew() {
        let tries = tries();
        for _ in 0..5 {
            tries.count("ada", HERE).unwrap();
        }
        assert_eq!(wait(tries.count("ada", HERE)), Some(12));
        assert_eq!(wait(tries.count("ada", HERE)), Some(12), "who waits is not told to wait longer");
        tries.count("brian", HERE).unwrap();
        tries.count("ada", Place::Browser(Uuid::nil())).unwrap();
        tries.forget("ada", HERE);
        tries.count("ada", HERE).unwrap();
    }

    #[test]
    fn all_strangers_together_are_not_more_than_so_many_and_the_owner_is_none_of_them() {
        let tries = tries();
        for number in 0..20 {
            tries.count("ada", Place::Address(Ipv4Addr::from(number).into())).unwrap();
        }
        assert!(wait(tries.count("ada", Place::Address(Ipv4Addr::from(99).into()))).is_some());
        tries.count("ada", Place::Browser(Uuid::nil())).unwrap();
        tries.count("ada", Place::Session(Uuid::nil())).unwrap();
    }
}
