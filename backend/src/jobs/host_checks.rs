//! Warns when the clock of the host jumps or its disk is nearly full.

use std::{
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use tokio::time::interval;

use crate::{config::Config, setup_warnings};

const INTERVAL: Duration = Duration::from_mins(1);
/// A clock that is set by a time server is adjusted by less.
const JUMP_MIN: Duration = Duration::from_secs(10);
/// With less free space, warns.
const FREE_MIN: u64 = 512 * 1_024 * 1_024;

/// Runs until it is dropped.
pub async fn run(config: &Config) {
    setup_warnings::PLAIN_PUBLIC_URL.write_if(is_plain_url(config.public_url.as_deref()));
    let mut ticks = interval(INTERVAL);
    let mut last = (Instant::now(), SystemTime::now());
    loop {
        ticks.tick().await;
        let now = (Instant::now(), SystemTime::now());
        setup_warnings::CLOCK_JUMP.write_if(is_jump(last, now));
        last = now;
        setup_warnings::DISK_NEARLY_FULL
            .write_if(free_bytes(&config.data_dir).is_some_and(|free| free < FREE_MIN));
    }
}

/// Whether the system clock went otherwise than the monotonic one.
fn is_jump(last: (Instant, SystemTime), now: (Instant, SystemTime)) -> bool {
    let elapsed = now.0.duration_since(last.0);
    let expected = last.1 + elapsed;
    let difference = now.1.duration_since(expected).unwrap_or_else(|earlier| earlier.duration());
    difference > JUMP_MIN
}

fn is_plain_url(url: Option<&str>) -> bool {
    url.and_then(|url| url::Url::parse(url).ok()).is_some_and(|url| {
        let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        url.scheme() == "http" && !is_local
    })
}

/// The space that is left for programs without privileges on the disk of a folder.
fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jump_is_a_difference_between_the_clocks() {
        let last = (Instant::now(), SystemTime::now());
        let minute = Duration::from_mins(1);
        let now = |by: Duration| (last.0 + minute, last.1 + by);
        assert!(!is_jump(last, now(minute)) && !is_jump(last, now(minute + Duration::from_secs(5))));
        assert!(is_jump(last, now(minute * 2)));
        assert!(is_jump(last, (last.0 + minute, last.1 - minute)), "back");
    }

    #[test]
    fn plain_public_url_is_insecure_unless_local() {
        assert!(is_plain_url(Some("http://chat.example.org")));
        for url in
            [None, Some("https://chat.example.org"), Some("http://localhost:8000"), Some("http://[::1]:8000")]
        {
            assert!(!is_plain_url(url), "{url:?}");
        }
    }

    #[test]
    fn free_space_is_read_from_the_disk() {
        assert!(free_bytes(Path::new("/")).unwrap() > 0);
        assert_eq!(free_bytes(Path::new("/does/not/exist")), None);
    }
}
