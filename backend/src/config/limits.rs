//! All limits and their defaults.

use std::{fmt, str::FromStr, time::Duration};

use anyhow::{Context, ensure};

use super::RateLimits;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const KIB: usize = 1_024;
const MIB: usize = 1_024 * KIB;
const GIB: usize = 1_024 * MIB;

/// A burst of `most`, replenished evenly over each period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub most: u32,
    pub per: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub usize);

/// A duration, written in seconds with optional decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub Duration);

const fn rate(most: u32, per: Duration) -> Rate {
    Rate { most, per }
}

const fn seconds(seconds: u64) -> Seconds {
    Seconds(Duration::from_secs(seconds))
}

/// Defines the settings and their defaults.
macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $name:ident $env:literal $kind:ty = $default:expr;)+) => {
        /// The configurable limits.
        #[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
        pub struct LimitSettings {
            $($(#[doc = $doc])+ #[arg(long, env = $env, default_value_t = $default)] pub $name: $kind,)+
        }

        impl Default for LimitSettings {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }
    };
}

settings! {
    /// Whether rate limits apply; turn off only for tests and benchmarks
    rate_limits "CHATIRE_RATE_LIMITS" RateLimits = RateLimits::On;

    /// Sign-ins and other requests with a password, per IP address
    limit_sign_ins "CHATIRE_LIMIT_SIGN_INS" Rate = rate(10, MINUTE);
    /// Sign-in attempts per account and origin; beyond that, each failure doubles the wait, up to 15 minutes
    limit_login_attempts "CHATIRE_LIMIT_LOGIN_ATTEMPTS" Rate = rate(5, MINUTE);
    /// Sign-in attempts per account from all unknown browsers together
    limit_login_attempts_unknown_devices "CHATIRE_LIMIT_LOGIN_ATTEMPTS_UNKNOWN_DEVICES" Rate = rate(100, HOUR);
    /// Sign-ups per IP address
    limit_sign_ups "CHATIRE_LIMIT_SIGN_UPS" Rate = rate(5, HOUR);
    /// New guests per IP address
    limit_guests "CHATIRE_LIMIT_GUESTS" Rate = rate(30, HOUR);
    /// Requested password-reset e-mails per IP address
    limit_password_resets "CHATIRE_LIMIT_PASSWORD_RESETS" Rate = rate(5, HOUR);
    /// Lookups of unknown chat URIs per IP address
    limit_unknown_chats "CHATIRE_LIMIT_UNKNOWN_CHATS" Rate = rate(30, MINUTE);
    /// Attempts to join a chat per user
    limit_joins "CHATIRE_LIMIT_JOINS" Rate = rate(20, MINUTE);
    /// Attempts to join a chat per IP address
    limit_joins_per_ip "CHATIRE_LIMIT_JOINS_PER_IP" Rate = rate(60, MINUTE);
    /// Changes of name or avatar per user
    limit_renames "CHATIRE_LIMIT_RENAMES" Rate = rate(5, MINUTE);
    /// Chats started per user
    limit_chats "CHATIRE_LIMIT_CHATS" Rate = rate(20, HOUR);
    /// Chats that a user may own
    limit_owned_chats "CHATIRE_LIMIT_OWNED_CHATS" usize = 200;
    /// Changes of chats per user: settings, roles, members, links, deletions
    limit_chat_changes "CHATIRE_LIMIT_CHAT_CHANGES" Rate = rate(60, MINUTE);
    /// Replaced chat URIs per user
    limit_uri_rotations "CHATIRE_LIMIT_URI_ROTATIONS" Rate = rate(10, HOUR);
    /// Token refreshes per session
    limit_refreshes "CHATIRE_LIMIT_REFRESHES" Rate = rate(30, MINUTE);
    /// Messages per user
    limit_posts "CHATIRE_LIMIT_POSTS" Rate = rate(20, Duration::from_secs(10));
    /// Searches per user
    limit_searches "CHATIRE_LIMIT_SEARCHES" Rate = rate(30, Duration::from_secs(10));
    /// Frames per WebSocket
    limit_frames "CHATIRE_LIMIT_FRAMES" Rate = rate(60, Duration::from_secs(3));
    /// HTTP connections per IP address, without WebSockets
    limit_connections_per_ip "CHATIRE_LIMIT_CONNECTIONS_PER_IP" usize = 500;
    /// WebSockets and event streams per user
    limit_sockets "CHATIRE_LIMIT_SOCKETS" usize = 10;
    /// WebSockets and event streams per IP address
    limit_sockets_per_ip "CHATIRE_LIMIT_SOCKETS_PER_IP" usize = 200;

    /// Maximum size of a request body
    limit_body "CHATIRE_LIMIT_BODY" Bytes = Bytes(64 * KIB);
    /// Maximum size of a WebSocket frame and of a fragmented message
    limit_frame "CHATIRE_LIMIT_FRAME" Bytes = Bytes(64 * KIB);

    /// Uploads per user
    limit_uploads "CHATIRE_LIMIT_UPLOADS" Rate = rate(10, MINUTE);
    /// Uploaded bytes per user and day
    limit_upload_bytes "CHATIRE_LIMIT_UPLOAD_BYTES" Bytes = Bytes(200 * MIB);
    /// Exports per user, of the account and of chats
    limit_exports "CHATIRE_LIMIT_EXPORTS" Rate = rate(5, DAY);
    /// Exports per chat by its owners, and as many by its other members
    limit_chat_exports "CHATIRE_LIMIT_CHAT_EXPORTS" Rate = rate(20, DAY);
    /// Uploaded files of messages per user
    limit_files "CHATIRE_LIMIT_FILES" Rate = rate(60, MINUTE);
    /// Maximum size of a file of a message
    limit_file_bytes "CHATIRE_LIMIT_FILE_BYTES" Bytes = Bytes(25 * MIB);
    /// Space for the files that a user uploaded
    limit_user_files "CHATIRE_LIMIT_USER_FILES" Bytes = Bytes(2 * GIB);
    /// Space for the files of a chat
    limit_chat_files "CHATIRE_LIMIT_CHAT_FILES" Bytes = Bytes(10 * GIB);
    /// Space for all files
    limit_all_files "CHATIRE_LIMIT_ALL_FILES" Bytes = Bytes(1_024 * GIB);
    /// Space that uploads leave free on the disk
    limit_free_disk "CHATIRE_LIMIT_FREE_DISK" Bytes = Bytes(512 * MIB);
    /// Maximum size of an uploaded avatar
    limit_image_bytes "CHATIRE_LIMIT_IMAGE_BYTES" Bytes = Bytes(25 * MIB);
    /// Maximum size of an image in megapixels
    limit_megapixels "CHATIRE_LIMIT_MEGAPIXELS" u32 = 40;

    /// Time limit for receiving the request headers
    limit_header_timeout "CHATIRE_LIMIT_HEADER_TIMEOUT" Seconds = seconds(5);
    /// Time limit for receiving a request body
    limit_body_timeout "CHATIRE_LIMIT_BODY_TIMEOUT" Seconds = seconds(30);
    /// Time limit for a request; must exceed the body timeout and the 10-second limit of database statements
    limit_request_timeout "CHATIRE_LIMIT_REQUEST_TIMEOUT" Seconds = seconds(45);
    /// Queued password hashes per core
    limit_password_queue "CHATIRE_LIMIT_PASSWORD_QUEUE" usize = 64;
}

impl FromStr for Rate {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let help = "not a rate such as 5/h, 10/min or 20/10s";
        let (most, per) = text.trim().split_once('/').context(help)?;
        let most: u32 = most.parse().context(help)?;
        let digits = per.find(|c: char| !c.is_ascii_digit()).context(help)?;
        let (times, unit) = per.split_at(digits);
        let times: u32 = if times.is_empty() { 1 } else { times.parse().context(help)? };
        let unit = match unit {
            "s" => SECOND,
            "min" => MINUTE,
            "h" => HOUR,
            "day" => DAY,
            _ => anyhow::bail!(help),
        };
        let per = unit.checked_mul(times).context(help)?;
        ensure!(most > 0 && !per.is_zero(), "a rate of zero would reject everything");
        Ok(rate(most, per))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.per.as_secs();
        let (times, unit) = match seconds {
            _ if seconds.is_multiple_of(DAY.as_secs()) => (seconds / DAY.as_secs(), "day"),
            _ if seconds.is_multiple_of(HOUR.as_secs()) => (seconds / HOUR.as_secs(), "h"),
            _ if seconds.is_multiple_of(MINUTE.as_secs()) => (seconds / MINUTE.as_secs(), "min"),
            _ => (seconds, "s"),
        };
        let times = if times == 1 { String::new() } else { times.to_string() };
        write!(f, "{}/{times}{unit}", self.most)
    }
}

impl FromStr for Bytes {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let help = "not a size such as 64KiB, 25MiB or 2GiB";
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let unit = match unit {
            "" | "B" => 1,
            "KiB" => KIB,
            "MiB" => MIB,
            "GiB" => GIB,
            _ => anyhow::bail!(help),
        };
        let bytes = number.parse::<usize>().context(help)?.checked_mul(unit).context(help)?;
        ensure!(bytes > 0, "a size of zero would reject everything");
        Ok(Self(bytes))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes.is_multiple_of(GIB) => write!(f, "{}GiB", bytes / GIB),
            bytes if bytes.is_multiple_of(MIB) => write!(f, "{}MiB", bytes / MIB),
            bytes if bytes.is_multiple_of(KIB) => write!(f, "{}KiB", bytes / KIB),
            bytes => write!(f, "{bytes}B"),
        }
    }
}

impl FromStr for Seconds {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let seconds = text.trim().parse::<f64>().context("not a number of seconds such as 5 or 0.5")?;
        let time =
            Duration::try_from_secs_f64(seconds).context("not a number of seconds such as 5 or 0.5")?;
        ensure!(!time.is_zero(), "a time of zero would reject everything");
        Ok(Self(time))
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_parsed_and_printed() {
        for (text, most, per) in
            [("5/h", 5, HOUR), ("10/min", 10, MINUTE), ("20/10s", 20, SECOND * 10), ("1/2day", 1, DAY * 2)]
        {
            let read: Rate = text.parse().unwrap();
            assert_eq!((read, read.to_string().as_str()), (rate(most, per), text));
        }
        for bad in ["", "5", "5/", "/h", "0/h", "5/0s", "x/h", "5/year", "-1/s", "5/99999999999s"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_and_times_are_parsed_and_printed() {
        for (text, bytes) in
            [("64KiB", 65_536), ("25MiB", 26_214_400), ("2GiB", 2_147_483_648), ("100B", 100)]
        {
            let read: Bytes = text.parse().unwrap();
            assert_eq!((read, read.to_string().as_str()), (Bytes(bytes), text));
        }
        assert_eq!("7".parse::<Bytes>().unwrap(), Bytes(7));
        assert_eq!("0.5".parse::<Seconds>().unwrap(), Seconds(Duration::from_millis(500)));
        assert_eq!(seconds(5).to_string(), "5");
        for bad in ["", "64", "KiB", "0", "-1", "64KB", "99999999999999999999"] {
            assert_eq!(bad.parse::<Bytes>().is_err(), bad != "64", "{bad}");
        }
        for bad in ["", "0", "-1", "soon", "inf", "NaN"] {
            assert!(bad.parse::<Seconds>().is_err(), "{bad}");
        }
    }
}
