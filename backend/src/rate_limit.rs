//! Rate limits per IP address, per user and per account.

pub mod login_throttle;
pub mod slow_mode;

use std::{hash::Hash, net::IpAddr, num::NonZero, time::Duration};

use governor::{
    Quota, RateLimiter,
    state::{InMemoryState, NotKeyed, keyed::DefaultKeyedStateStore},
};
use shared::{
    id::{ChatId, UserId},
    problem::ProblemCode,
};
use uuid::Uuid;

use self::login_throttle::LoginThrottle;
use crate::{
    clock::Clock,
    config::{
        RateLimits,
        limits::{LimitSettings, Rate},
    },
    error::{ApiError, Rejection},
    realtime::hub::connection_limit::ConnectionLimits,
    store::users::normalize_username,
};

pub use self::{login_throttle::LoginOrigin, slow_mode::SlowMode};

const DAY: Duration = Duration::from_hours(24);

/// A limiter that counts for each key.
type KeyedLimiter<K> = RateLimiter<K, DefaultKeyedStateStore<K>, Clock>;

/// What is limited for each IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpLimit {
    SignIn,
    SignUp,
    Guest,
    PasswordReset,
    UnknownUri,
    Join,
}

/// What is limited for each user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserLimit {
    Join,
    /// Changes of the name or avatar, which are broadcast to every chat of the user.
    Rename,
    Post,
    Upload,
    /// Files of messages.
    File,
    Export,
    /// Chats that are started.
    Chat,
    /// Changes of settings, roles, members and links, edits, deletions and reactions: each changes a row of the timeline or
    /// the audit log.
    ChatChange,
    UriRotation,
    Search,
}

/// All rate limiters, or none if they are turned off.
pub struct RateLimiters {
    settings: LimitSettings,
    clock: Clock,
    counters: Option<Counters>,
}

struct Counters {
    ip_sign_ins: KeyedLimiter<IpAddr>,
    ip_sign_ups: KeyedLimiter<IpAddr>,
    ip_guests: KeyedLimiter<IpAddr>,
    ip_password_resets: KeyedLimiter<IpAddr>,
    ip_unknown_uris: KeyedLimiter<IpAddr>,
    ip_joins: KeyedLimiter<IpAddr>,
    user_joins: KeyedLimiter<UserId>,
    user_renames: KeyedLimiter<UserId>,
    user_posts: KeyedLimiter<UserId>,
    user_uploads: KeyedLimiter<UserId>,
    user_files: KeyedLimiter<UserId>,
    user_exports: KeyedLimiter<UserId>,
    user_chats: KeyedLimiter<UserId>,
    user_chat_changes: KeyedLimiter<UserId>,
    user_uri_rotations: KeyedLimiter<UserId>,
    user_searches: KeyedLimiter<UserId>,
    chat_exports: KeyedLimiter<(ChatId, bool)>,
    session_refreshes: KeyedLimiter<Uuid>,
    /// In KiB.
    user_upload_bytes: KeyedLimiter<UserId>,
    logins: LoginThrottle,
}

impl Counters {
    fn new(settings: &LimitSettings, clock: &Clock) -> Self {
        let upload_bytes = Rate { most: kib(settings.limit_upload_bytes.0), per: DAY };
        Self {
            ip_sign_ins: keyed(settings.limit_sign_ins, clock),
            ip_sign_ups: keyed(settings.limit_sign_ups, clock),
            ip_guests: keyed(settings.limit_guests, clock),
            ip_password_resets: keyed(settings.limit_password_resets, clock),
            ip_unknown_uris: keyed(settings.limit_unknown_chats, clock),
            ip_joins: keyed(settings.limit_joins_per_ip, clock),
            user_joins: keyed(settings.limit_joins, clock),
            user_renames: keyed(settings.limit_renames, clock),
            user_posts: keyed(settings.limit_posts, clock),
            user_uploads: keyed(settings.limit_uploads, clock),
            user_files: keyed(settings.limit_files, clock),
            user_exports: keyed(settings.limit_exports, clock),
            user_chats: keyed(settings.limit_chats, clock),
            user_chat_changes: keyed(settings.limit_chat_changes, clock),
            user_uri_rotations: keyed(settings.limit_uri_rotations, clock),
            user_searches: keyed(settings.limit_searches, clock),
            chat_exports: keyed(settings.limit_chat_exports, clock),
            session_refreshes: keyed(settings.limit_refreshes, clock),
            user_upload_bytes: keyed(upload_bytes, clock),
            logins: LoginThrottle::new(
                settings.limit_login_attempts,
                settings.limit_login_attempts_unknown_devices,
                clock,
            ),
        }
    }

    fn for_ip(&self, limit: IpLimit) -> &KeyedLimiter<IpAddr> {
        match limit {
            IpLimit::SignIn => &self.ip_sign_ins,
            IpLimit::SignUp => &self.ip_sign_ups,
            IpLimit::Guest => &self.ip_guests,
            IpLimit::PasswordReset => &self.ip_password_resets,
            IpLimit::UnknownUri => &self.ip_unknown_uris,
            IpLimit::Join => &self.ip_joins,
        }
    }

    fn for_user(&self, limit: UserLimit) -> &KeyedLimiter<UserId> {
        match limit {
            UserLimit::Join => &self.user_joins,
            UserLimit::Rename => &self.user_renames,
            UserLimit::Post => &self.user_posts,
            UserLimit::Upload => &self.user_uploads,
            UserLimit::File => &self.user_files,
            UserLimit::Export => &self.user_exports,
            UserLimit::Chat => &self.user_chats,
            UserLimit::ChatChange => &self.user_chat_changes,
            UserLimit::UriRotation => &self.user_uri_rotations,
            UserLimit::Search => &self.user_searches,
        }
    }
}

impl RateLimiters {
    pub fn new(settings: LimitSettings, clock: &Clock) -> Self {
        let is_on = settings.rate_limits == RateLimits::On;
        if !is_on {
            tracing::warn!("rate limits are off: passwords can be guessed and chats flooded without limit");
        }
        Self { counters: is_on.then(|| Counters::new(&settings, clock)), clock: clock.clone(), settings }
    }

    /// Counts one action of an IP address.
    pub fn check_ip(&self, limit: IpLimit, ip: IpAddr) -> Result<(), ApiError> {
        self.counters.as_ref().map_or(Ok(()), |counters| check_key(counters.for_ip(limit), &ip))
    }

    /// Counts one action of a user.
    pub fn check_user(&self, limit: UserLimit, user_id: UserId) -> Result<(), ApiError> {
        self.counters.as_ref().map_or(Ok(()), |counters| check_key(counters.for_user(limit), &user_id))
    }

    /// Counts one export of a chat. Those of its owners are counted apart, so that members cannot use them up.
    pub fn check_chat_export(&self, chat_id: ChatId, is_by_owner: bool) -> Result<(), ApiError> {
        let key = (chat_id, is_by_owner);
        self.counters.as_ref().map_or(Ok(()), |counters| check_key(&counters.chat_exports, &key))
    }

    /// Counts one refresh of a session's tokens.
    pub fn check_refresh(&self, session_id: Uuid) -> Result<(), ApiError> {
        self.counters.as_ref().map_or(Ok(()), |counters| check_key(&counters.session_refreshes, &session_id))
    }

    /// Counts the bytes of an upload of a user, for files and avatars together.
    pub fn check_upload_bytes(&self, user_id: UserId, bytes: usize) -> Result<(), ApiError> {
        let Some((counters, kib)) = self.counters.as_ref().zip(NonZero::new(kib(bytes))) else {
            return Ok(());
        };
        match counters.user_upload_bytes.check_key_n(&user_id, kib) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(exceeded)) => Err(too_many(exceeded.wait_time_from(self.clock.instant()))),
            // More than the limit of a whole day.
            Err(_) => Err(ProblemCode::TooLarge.into()),
        }
    }

    /// Counts one attempt to sign in to an account, whether it exists or not.
    pub fn check_login(&self, username: &str, origin: LoginOrigin) -> Result<(), ApiError> {
        let Some(counters) = &self.counters else { return Ok(()) };
        counters.logins.check(&normalize_username(username), origin)
    }

    /// Forgets the failed attempts after a successful sign-in from the same origin.
    pub fn reset_login(&self, username: &str, origin: LoginOrigin) {
        if let Some(counters) = &self.counters {
            counters.logins.reset(&normalize_username(username), origin);
        }
    }

    pub fn connection_limits(&self) -> Option<ConnectionLimits> {
        let LimitSettings { limit_sockets: per_user, limit_sockets_per_ip: per_ip, .. } = self.settings;
        self.counters.is_some().then_some(ConnectionLimits { per_user, per_ip })
    }

    /// How many chats a user may own.
    pub fn owned_chats_max(&self) -> usize {
        self.counters.as_ref().map_or(usize::MAX, |_| self.settings.limit_owned_chats)
    }

    pub fn http_connections_per_ip(&self) -> usize {
        self.counters.as_ref().map_or(usize::MAX, |_| self.settings.limit_connections_per_ip)
    }

    /// A new limiter for the frames of one WebSocket.
    pub fn frame_limit(&self) -> Option<FrameLimit> {
        let quota = quota(self.settings.limit_frames);
        self.counters.is_some().then(|| FrameLimit(RateLimiter::direct_with_clock(quota, self.clock.clone())))
    }

    /// Removes the entries that are no longer needed.
    pub fn remove_expired(&self) {
        let Some(counters) = &self.counters else { return };
        for limit in [
            IpLimit::SignIn,
            IpLimit::SignUp,
            IpLimit::Guest,
            IpLimit::PasswordReset,
            IpLimit::UnknownUri,
            IpLimit::Join,
        ] {
            counters.for_ip(limit).retain_recent();
        }
        for limit in [
            UserLimit::Join,
            UserLimit::Rename,
            UserLimit::Post,
            UserLimit::Upload,
            UserLimit::File,
            UserLimit::Export,
            UserLimit::Chat,
            UserLimit::ChatChange,
            UserLimit::UriRotation,
            UserLimit::Search,
        ] {
            counters.for_user(limit).retain_recent();
        }
        counters.user_upload_bytes.retain_recent();
        counters.chat_exports.retain_recent();
        counters.session_refreshes.retain_recent();
        counters.logins.remove_expired();
    }
}

/// Counts the frames of one WebSocket.
pub struct FrameLimit(RateLimiter<NotKeyed, InMemoryState, Clock>);

impl FrameLimit {
    pub fn check(&self) -> Result<(), ApiError> {
        self.0.check().map_err(|exceeded| too_many(exceeded.wait_time_from(self.0.clock().instant())))
    }
}

/// In KiB, rounded up.
fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1_024)).unwrap_or(u32::MAX)
}

fn keyed<K: Hash + Eq + Clone>(rate: Rate, clock: &Clock) -> KeyedLimiter<K> {
    RateLimiter::new(quota(rate), DefaultKeyedStateStore::default(), clock.clone())
}

fn quota(Rate { most, per }: Rate) -> Quota {
    let most = NonZero::new(most).unwrap_or(NonZero::<u32>::MIN);
    Quota::with_period(per / most.get()).map_or(Quota::per_hour(most), |quota| quota.allow_burst(most))
}

fn check_key<K: Hash + Eq + Clone>(limiter: &KeyedLimiter<K>, key: &K) -> Result<(), ApiError> {
    limiter.check_key(key).map_err(|exceeded| too_many(exceeded.wait_time_from(limiter.clock().instant())))
}

fn too_many(wait: Duration) -> ApiError {
    Rejection::new(ProblemCode::TooManyRequests).retry_after(wait.max(Duration::from_secs(1))).into()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn sign_up_limit_says_when_to_retry() {
        let clock = Clock::default();
        let limits = RateLimiters::new(LimitSettings::default(), &clock);
        let ip = IpAddr::from(Ipv4Addr::LOCALHOST);
        for _ in 0..5 {
            limits.check_ip(IpLimit::SignUp, ip).unwrap();
        }
        let problem = limits.check_ip(IpLimit::SignUp, ip).unwrap_err().problem();
        assert_eq!(problem.code, ProblemCode::TooManyRequests);
        assert!(problem.retry_after.is_some_and(|wait| (700..=720).contains(&wait)), "{problem:?}");
        let other_ip = IpAddr::from(Ipv4Addr::new(203, 0, 113, 5));
        limits.check_ip(IpLimit::SignUp, other_ip).unwrap();
        limits.check_ip(IpLimit::SignIn, ip).unwrap();
        clock.advance(Duration::from_secs(problem.retry_after.unwrap()));
        limits.check_ip(IpLimit::SignUp, ip).unwrap();
        limits.check_ip(IpLimit::SignUp, ip).unwrap_err();
    }

    #[test]
    fn rate_limits_off_allow_everything() {
        let settings = LimitSettings { rate_limits: RateLimits::Off, ..LimitSettings::default() };
        let limits = RateLimiters::new(settings, &Clock::default());
        for _ in 0..1_000 {
            limits.check_user(UserLimit::Post, UserId::new(7)).unwrap();
        }
    }
}
