//! How much of what one address or one account may do.

mod slow;

use std::{hash::Hash, net::IpAddr, num::NonZero, time::Duration};

use governor::{
    DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use shared::problem::ProblemCode;

use crate::{
    config::RateLimits,
    db::users::key,
    hub::seats::SeatLimits,
    problem::{Error, Refusal},
};

pub use self::slow::SlowMode;

/// How many sockets one user and one address may have open.
const SOCKETS: SeatLimits = SeatLimits { of_user: 10, of_address: 200 };
/// How many frames a second one socket may send, and how many at once: an outbox that was kept for an hour comes in one go.
const FRAMES: u32 = 20;
const FRAMES_AT_ONCE: u32 = 60;

/// What is limited for each address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    SignIn,
    SignUp,
    Guest,
    UnknownUri,
    Join,
}

/// The counts; empty when limits are off.
pub struct Limits {
    counts: Option<Counts>,
}

struct Counts {
    sign_in: DefaultKeyedRateLimiter<IpAddr>,
    sign_in_account: DefaultKeyedRateLimiter<(String, Option<IpAddr>)>,
    sign_up: DefaultKeyedRateLimiter<IpAddr>,
    guest: DefaultKeyedRateLimiter<IpAddr>,
    unknown_uri: DefaultKeyedRateLimiter<IpAddr>,
    joins: DefaultKeyedRateLimiter<IpAddr>,
    joins_of: DefaultKeyedRateLimiter<i64>,
    names: DefaultKeyedRateLimiter<i64>,
    posts: DefaultKeyedRateLimiter<i64>,
}

impl Limits {
    pub fn new(wanted: RateLimits) -> Self {
        const MINUTE: Duration = Duration::from_mins(1);
        const HOUR: Duration = Duration::from_hours(1);
        if wanted == RateLimits::Off {
            tracing::warn!("rate limits are off: anyone can try passwords and flood chats without end");
            return Self { counts: None };
        }
        let counts = Counts {
            sign_in: RateLimiter::keyed(quota(10, MINUTE)),
            sign_in_account: RateLimiter::keyed(quota(5, MINUTE)),
            sign_up: RateLimiter::keyed(quota(5, HOUR)),
            guest: RateLimiter::keyed(quota(30, HOUR)),
            unknown_uri: RateLimiter::keyed(quota(30, MINUTE)),
            joins: RateLimiter::keyed(quota(60, MINUTE)),
            joins_of: RateLimiter::keyed(quota(20, MINUTE)),
            names: RateLimiter::keyed(quota(5, MINUTE)),
            posts: RateLimiter::keyed(quota(20, Duration::from_secs(10))),
        };
        Self { counts: Some(counts) }
    }

    /// Counts one act of an address, or refuses it.
    pub fn of_address(&self, limit: Limit, address: IpAddr) -> Result<(), Error> {
        let Some(counts) = &self.counts else { return Ok(()) };
        let counter = match limit {
            Limit::SignIn => &counts.sign_in,
            Limit::SignUp => &counts.sign_up,
            Limit::Guest => &counts.guest,
            Limit::UnknownUri => &counts.unknown_uri,
            Limit::Join => &counts.joins,
        };
        count(counter, &address)
    }

    /// Counts one sign-in to an account, whether it exists or not, from an address; without one, by who has a token of
    /// it. Whoever tries passwords elsewhere does not keep its owner out.
    pub fn sign_in_to(&self, username: &str, address: Option<IpAddr>) -> Result<(), Error> {
        let Some(counts) = &self.counts else { return Ok(()) };
        count(&counts.sign_in_account, &(key(username), address))
    }

    /// Counts one try of a user to come into a chat.
    pub fn join_of(&self, user_id: i64) -> Result<(), Error> {
        self.counts.as_ref().map_or(Ok(()), |counts| count(&counts.joins_of, &user_id))
    }

    /// Counts one post of a user.
    pub fn post_of(&self, user_id: i64) -> Result<(), Error> {
        self.counts.as_ref().map_or(Ok(()), |counts| count(&counts.posts, &user_id))
    }

    /// Counts one change of what a user is called, which everyone hears in every chat of theirs.
    pub fn name_of(&self, user_id: i64) -> Result<(), Error> {
        self.counts.as_ref().map_or(Ok(()), |counts| count(&counts.names, &user_id))
    }

    /// How many sockets there may be.
    pub fn of_sockets(&self) -> Option<SeatLimits> {
        self.counts.is_some().then_some(SOCKETS)
    }

    /// What counts the frames of one socket.
    pub fn of_frames(&self) -> Option<FrameLimit> {
        let quota = |(rate, most)| Quota::per_second(rate).allow_burst(most);
        let numbers = NonZero::new(FRAMES).zip(NonZero::new(FRAMES_AT_ONCE));
        numbers
            .filter(|_| self.counts.is_some())
            .map(|numbers| FrameLimit(RateLimiter::direct(quota(numbers))))
    }

    /// Forgets whoever has not been seen for long enough.
    pub fn sweep(&self) {
        if let Some(counts) = &self.counts {
            counts.sign_in.retain_recent();
            counts.sign_in_account.retain_recent();
            counts.sign_up.retain_recent();
            counts.guest.retain_recent();
            counts.unknown_uri.retain_recent();
            counts.joins.retain_recent();
            counts.joins_of.retain_recent();
            counts.names.retain_recent();
            counts.posts.retain_recent();
        }
    }
}

/// Counts the frames of one socket.
pub struct FrameLimit(DefaultDirectRateLimiter);

impl FrameLimit {
    pub fn count(&self) -> Result<(), Error> {
        self.0.check().map_err(|over| too_many(over.wait_time_from(DefaultClock::default().now())))
    }
}

/// `most` at once, and as many again over each `period`.
fn quota(most: u32, period: Duration) -> Quota {
    let most = NonZero::new(most).unwrap_or(NonZero::<u32>::MIN);
    Quota::with_period(period / most.get()).map_or(Quota::per_hour(most), |quota| quota.allow_burst(most))
}

fn count<K: Hash + Eq + Clone>(counter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), Error> {
    counter.check_key(key).map_err(|over| too_many(over.wait_time_from(DefaultClock::default().now())))
}

fn too_many(wait: Duration) -> Error {
    Refusal::new(ProblemCode::TooManyRequests).retry_after(wait.max(Duration::from_secs(1))).into()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn the_sixth_sign_up_of_an_hour_is_refused_with_the_time_to_wait() {
        let limits = Limits::new(RateLimits::On);
        let here = IpAddr::from(Ipv4Addr::LOCALHOST);
        for _ in 0..5 {
            limits.of_address(Limit::SignUp, here).unwrap();
        }
        let problem = limits.of_address(Limit::SignUp, here).unwrap_err().problem();
        assert_eq!(problem.code, ProblemCode::TooManyRequests);
        assert!(problem.retry_after.is_some_and(|wait| (700..=720).contains(&wait)), "{problem:?}");
        let elsewhere = IpAddr::from(Ipv4Addr::new(203, 0, 113, 5));
        limits.of_address(Limit::SignUp, elsewhere).unwrap();
        limits.of_address(Limit::SignIn, here).unwrap();
    }

    #[test]
    fn off_means_off() {
        let limits = Limits::new(RateLimits::Off);
        for _ in 0..1_000 {
            limits.post_of(7).unwrap();
        }
    }
}
