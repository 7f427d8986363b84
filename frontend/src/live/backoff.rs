//! How long to wait before trying again.

/// The bound of the first wait, in milliseconds; it doubles with each try
const FIRST: u32 = 500;
/// up to this.
const LAST: u32 = 30_000;

#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    tries: u32,
}

impl Backoff {
    /// Full jitter: any wait up to the bound, so that all who were cut off together do not come back together.
    pub fn next(&mut self, random: f64) -> u32 {
        let bound = FIRST.saturating_mul(1 << self.tries.min(6)).min(LAST);
        self.tries = self.tries.saturating_add(1);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lies in 0..=LAST")]
        let wait = (f64::from(bound) * random.clamp(0.0, 1.0)) as u32;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_doubles_from_half_a_second_to_thirty() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..9).map(|_| backoff.next(1.0)).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn the_wait_lies_anywhere_below_the_bound() {
        assert_eq!(Backoff::default().next(0.0), 0);
        assert_eq!(Backoff::default().next(0.5), 250);
        assert_eq!(Backoff { tries: u32::MAX }.next(7.0), 30_000);
    }
}
