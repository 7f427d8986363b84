//! Limits the open connections per user and per IP address.

use std::{net::IpAddr, sync::Arc};

use shared::id::UserId;

use crate::concurrency_limit::{ConcurrencyLimit, ConcurrencyPermit};

/// The maximum of open connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    pub per_user: usize,
    pub per_ip: usize,
}

/// Counts open connections.
pub struct ConnectionLimiter {
    per_user: Arc<ConcurrencyLimit<UserId>>,
    per_ip: Arc<ConcurrencyLimit<IpAddr>>,
}

/// Permission for one open connection, released on drop.
pub struct ConnectionPermit {
    user: ConcurrencyPermit<UserId>,
    ip: ConcurrencyPermit<IpAddr>,
}

impl ConnectionLimiter {
    pub fn new(limits: Option<ConnectionLimits>) -> Self {
        Self {
            per_user: ConcurrencyLimit::new(limits.map_or(usize::MAX, |limits| limits.per_user)),
            per_ip: ConcurrencyLimit::new(limits.map_or(usize::MAX, |limits| limits.per_ip)),
        }
    }

    /// Returns a permit unless the user or the IP address has too many connections.
    pub fn acquire(&self, user_id: UserId, client_ip: IpAddr) -> Option<ConnectionPermit> {
        let (user, ip) = (self.per_user.acquire(user_id)?, self.per_ip.acquire(client_ip)?);
        Some(ConnectionPermit { user, ip })
    }
}

impl ConnectionPermit {
    pub fn user_id(&self) -> UserId {
        self.user.key
    }

    pub fn client_ip(&self) -> IpAddr {
        self.ip.key
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn connections_are_limited_per_user_and_ip() {
        let limiter = ConnectionLimiter::new(Some(ConnectionLimits { per_user: 2, per_ip: 3 }));
        let acquire =
            |user_id, last| limiter.acquire(UserId::new(user_id), Ipv4Addr::new(10, 0, 0, last).into());
        let (first, _second) = (acquire(1, 1).unwrap(), acquire(1, 1).unwrap());
        assert!(acquire(1, 2).is_none(), "per user");
        let _third = acquire(2, 1).unwrap();
        assert!(acquire(2, 1).is_none(), "per IP address");
        let _elsewhere = acquire(2, 2).expect("a rejected connection is not counted for the user");
        drop(first);
        let _again = acquire(1, 1).unwrap();
        let unlimited = ConnectionLimiter::new(None);
        let permits = [(); 1_000].map(|()| unlimited.acquire(UserId::new(1), Ipv4Addr::LOCALHOST.into()));
        assert!(permits.iter().all(Option::is_some));
    }
}
