//! How many sockets one user and one address have open.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// The most sockets of one user, and of one address.
#[derive(Clone, Copy, Debug)]
pub struct SeatLimits {
    pub of_user: usize,
    pub of_address: usize,
}

/// What is taken.
#[derive(Default)]
pub struct Seats {
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    of_user: HashMap<i64, usize>,
    of_address: HashMap<IpAddr, usize>,
}

/// The right to one open socket; it ends when this is dropped.
pub struct Seat {
    pub user_id: i64,
    pub address: IpAddr,
    seats: Arc<Seats>,
}

impl Seats {
    /// A seat, unless the user or the address has too many.
    pub fn take(self: &Arc<Self>, user_id: i64, address: IpAddr, limits: Option<SeatLimits>) -> Option<Seat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_user = taken.of_user.get(&user_id).copied().unwrap_or_default();
        let of_address = taken.of_address.get(&address).copied().unwrap_or_default();
        if limits.is_some_and(|most| of_user >= most.of_user || of_address >= most.of_address) {
            return None;
        }
        taken.of_user.insert(user_id, of_user + 1);
        taken.of_address.insert(address, of_address + 1);
        drop(taken);
        Some(Seat { user_id, address, seats: Arc::clone(self) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        release(&mut taken.of_user, &self.user_id);
        release(&mut taken.of_address, &self.address);
    }
}

fn release<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
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
    fn whoever_has_too_many_gets_no_more_until_one_is_free() {
        let seats = Arc::new(Seats::default());
        let limits = Some(SeatLimits { of_user: 2, of_address: 3 });
        let here = IpAddr::from(Ipv4Addr::LOCALHOST);
        let first = seats.take(1, here, limits).unwrap();
        let _second = seats.take(1, here, limits).unwrap();
        assert!(seats.take(1, here, limits).is_none(), "of the user");
        let _third = seats.take(2, here, limits).unwrap();
        assert!(seats.take(3, here, limits).is_none(), "of the address");
        drop(first);
        let _again = seats.take(1, here, limits).unwrap();
        assert!(seats.take(3, here, None).is_some(), "without limits");
    }
}
