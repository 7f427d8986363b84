//! Limits the open connections per user and per IP address.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// The maximum of open connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    pub per_user: usize,
    pub per_ip: usize,
}

/// Counts open connections.
#[derive(Default)]
pub struct ConnectionLimiter {
    counts: Mutex<ConnectionCounts>,
}

#[derive(Default)]
struct ConnectionCounts {
    per_user: HashMap<i64, usize>,
    per_ip: HashMap<IpAddr, usize>,
}

/// Permission for one open connection, released on drop.
pub struct ConnectionPermit {
    pub user_id: i64,
    pub client_ip: IpAddr,
    limiter: Arc<ConnectionLimiter>,
}

impl ConnectionLimiter {
    /// Returns a permit unless the user or the IP address has too many connections.
    pub fn acquire(
        self: &Arc<Self>,
        user_id: i64,
        client_ip: IpAddr,
        limits: Option<ConnectionLimits>,
    ) -> Option<ConnectionPermit> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let per_user = counts.per_user.get(&user_id).copied().unwrap_or_default();
        let per_ip = counts.per_ip.get(&client_ip).copied().unwrap_or_default();
        if limits.is_some_and(|limits| per_user >= limits.per_user || per_ip >= limits.per_ip) {
            return None;
        }
        counts.per_user.insert(user_id, per_user + 1);
        counts.per_ip.insert(client_ip, per_ip + 1);
        drop(counts);
        Some(ConnectionPermit { user_id, client_ip, limiter: Arc::clone(self) })
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut counts = self.limiter.counts.lock().unwrap_or_else(PoisonError::into_inner);
        decrement(&mut counts.per_user, &self.user_id);
        decrement(&mut counts.per_ip, &self.client_ip);
    }
}

fn decrement<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn acquire_beyond_limit_fails_until_permit_dropped() {
        let limiter = Arc::new(ConnectionLimiter::default());
        let limits = Some(ConnectionLimits { per_user: 2, per_ip: 3 });
        let ip = IpAddr::from(Ipv4Addr::LOCALHOST);
        let first = limiter.acquire(1, ip, limits).unwrap();
        let _second = limiter.acquire(1, ip, limits).unwrap();
        assert!(limiter.acquire(1, ip, limits).is_none(), "per user");
        let _third = limiter.acquire(2, ip, limits).unwrap();
        assert!(limiter.acquire(3, ip, limits).is_none(), "per IP address");
        drop(first);
        let _again = limiter.acquire(1, ip, limits).unwrap();
        assert!(limiter.acquire(3, ip, None).is_some(), "without limits");
    }
}
