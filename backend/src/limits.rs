//! How much of what one address, one person or one account may do.

mod slow;
mod tries;

use std::{hash::Hash, net::IpAddr, num::NonZero, time::Duration};

use governor::{
    DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use shared::problem::ProblemCode;

use self::tries::Tries;
use crate::{
    config::{
        RateLimits,
        limits::{LimitSettings, Rate},
    },
    db::users::key,
    hub::seats::SeatLimits,
    problem::{Error, Refusal},
};

pub use self::{slow::SlowMode, tries::Place};

const DAY: Duration = Duration::from_hours(24);

/// What is limited for each address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    SignIn,
    SignUp,
    Guest,
    Reset,
    UnknownUri,
    Join,
}

/// What is limited for each person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Personal {
    Join,
    /// What they are called, which everyone hears in every chat of theirs.
    Name,
    Post,
    Upload,
    Export,
}

/// The counts; empty when limits are off.
pub struct Limits {
    settings: LimitSettings,
    counts: Option<Counts>,
}

struct Counts {
    sign_in: DefaultKeyedRateLimiter<IpAddr>,
    sign_up: DefaultKeyedRateLimiter<IpAddr>,
    guest: DefaultKeyedRateLimiter<IpAddr>,
    reset: DefaultKeyedRateLimiter<IpAddr>,
    unknown_uri: DefaultKeyedRateLimiter<IpAddr>,
    join: DefaultKeyedRateLimiter<IpAddr>,
    joins_of: DefaultKeyedRateLimiter<i64>,
    names_of: DefaultKeyedRateLimiter<i64>,
    posts_of: DefaultKeyedRateLimiter<i64>,
    uploads_of: DefaultKeyedRateLimiter<i64>,
    exports_of: DefaultKeyedRateLimiter<i64>,
    /// In KiB.
    bytes_of: DefaultKeyedRateLimiter<i64>,
    tries: Tries,
}

impl Counts {
    fn new(settings: &LimitSettings) -> Self {
        Self {
            sign_in: keyed(settings.limit_sign_ins),
            sign_up: keyed(settings.limit_sign_ups),
            guest: keyed(settings.limit_guests),
            reset: keyed(settings.limit_resets),
            unknown_uri: keyed(settings.limit_unknown_chats),
            join: keyed(settings.limit_joins_address),
            joins_of: keyed(settings.limit_joins),
            names_of: keyed(settings.limit_names),
            posts_of: keyed(settings.limit_posts),
            uploads_of: keyed(settings.limit_uploads),
            exports_of: keyed(settings.limit_exports),
            bytes_of: keyed(Rate { most: kib(settings.limit_upload_bytes.0), per: DAY }),
            tries: Tries::new(settings.limit_tries, settings.limit_tries_elsewhere),
        }
    }

    fn by_address(&self, limit: Limit) -> &DefaultKeyedRateLimiter<IpAddr> {
        match limit {
            Limit::SignIn => &self.sign_in,
            Limit::SignUp => &self.sign_up,
            Limit::Guest => &self.guest,
            Limit::Reset => &self.reset,
            Limit::UnknownUri => &self.unknown_uri,
            Limit::Join => &self.join,
        }
    }

    fn by_person(&self, limit: Personal) -> &DefaultKeyedRateLimiter<i64> {
        match limit {
            Personal::Join => &self.joins_of,
            Personal::Name => &self.names_of,
            Personal::Post => &self.posts_of,
            Personal::Upload => &self.uploads_of,
            Personal::Export => &self.exports_of,
        }
    }
}

impl Limits {
    pub fn new(settings: LimitSettings) -> Self {
        let on = settings.rate_limits == RateLimits::On;
        if !on {
            tracing::warn!("rate limits are off: anyone can try passwords and flood chats without end");
        }
        Self { counts: on.then(|| Counts::new(&settings)), settings }
    }

    /// Counts one act of an address, or refuses it.
    pub fn of_address(&self, limit: Limit, address: IpAddr) -> Result<(), Error> {
        self.counts.as_ref().map_or(Ok(()), |counts| count(counts.by_address(limit), &address))
    }

    /// Counts one act of a person, or refuses it.
    pub fn of_person(&self, limit: Personal, user_id: i64) -> Result<(), Error> {
        self.counts.as_ref().map_or(Ok(()), |counts| count(counts.by_person(limit), &user_id))
    }

    /// Counts an upload of so many bytes of a person, or refuses it.
    pub fn upload_of(&self, user_id: i64, bytes: usize) -> Result<(), Error> {
        self.of_person(Personal::Upload, user_id)?;
        let Some((counts, kib)) = self.counts.as_ref().zip(NonZero::new(kib(bytes))) else { return Ok(()) };
        match counts.bytes_of.check_key_n(&user_id, kib) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(over)) => Err(too_many(over.wait_time_from(DefaultClock::default().now()))),
            // More than a whole day's: it can never be.
            Err(_) => Err(ProblemCode::TooLarge.into()),
        }
    }

    /// Counts one try to show that an account is one's own, whether it exists or not, or refuses it.
    pub fn try_account(&self, username: &str, place: Place) -> Result<(), Error> {
        self.counts.as_ref().map_or(Ok(()), |counts| counts.tries.count(&key(username), place))
    }

    /// It was one's own: what was tried before from there is forgotten.
    pub fn succeed(&self, username: &str, place: Place) {
        if let Some(counts) = &self.counts {
            counts.tries.forget(&key(username), place);
        }
    }

    /// How many sockets there may be.
    pub fn of_sockets(&self) -> Option<SeatLimits> {
        let LimitSettings { limit_sockets: of_user, limit_sockets_address: of_address, .. } = self.settings;
        self.counts.is_some().then_some(SeatLimits { of_user, of_address })
    }

    /// What counts the frames of one socket.
    pub fn of_frames(&self) -> Option<FrameLimit> {
        let quota = quota(self.settings.limit_frames);
        self.counts.is_some().then(|| FrameLimit(RateLimiter::direct(quota)))
    }

    /// Forgets whoever has not been seen for long enough.
    pub fn sweep(&self) {
        let Some(counts) = &self.counts else { return };
        for limit in
            [Limit::SignIn, Limit::SignUp, Limit::Guest, Limit::Reset, Limit::UnknownUri, Limit::Join]
        {
            counts.by_address(limit).retain_recent();
        }
        for limit in [Personal::Join, Personal::Name, Personal::Post, Personal::Upload, Personal::Export] {
            counts.by_person(limit).retain_recent();
        }
        counts.bytes_of.retain_recent();
        counts.tries.sweep();
    }
}

/// Counts the frames of one socket.
pub struct FrameLimit(DefaultDirectRateLimiter);

impl FrameLimit {
    pub fn count(&self) -> Result<(), Error> {
        self.0.check().map_err(|over| too_many(over.wait_time_from(DefaultClock::default().now())))
    }
}

/// In KiB, rounded up.
fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1_024)).unwrap_or(u32::MAX)
}

fn keyed<K: Hash + Eq + Clone>(rate: Rate) -> DefaultKeyedRateLimiter<K> {
    RateLimiter::keyed(quota(rate))
}

fn quota(Rate { most, per }: Rate) -> Quota {
    let most = NonZero::new(most).unwrap_or(NonZero::<u32>::MIN);
    Quota::with_period(per / most.get()).map_or(Quota::per_hour(most), |quota| quota.allow_burst(most))
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
        let limits = Limits::new(LimitSettings::default());
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
        let limits = Limits::new(LimitSettings { rate_limits: RateLimits::Off, ..LimitSettings::default() });
        for _ in 0..1_000 {
            limits.of_person(Personal::Post, 7).unwrap();
        }
    }
}
