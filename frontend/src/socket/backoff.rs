//! Exponential backoff with full jitter.

/// The upper bound of the first delay, in milliseconds; it doubles with each attempt.
const FIRST: u32 = 500;
/// The upper bound of every delay, in milliseconds.
const MAX: u32 = 30_000;

#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// The next delay in milliseconds. `random` lies in 0..1: clients that lost their connection together do not come
    /// back together.
    pub fn next_delay(&mut self, random: f64) -> u32 {
        let bound = FIRST.saturating_mul(1 << self.attempts.min(6)).min(MAX);
        self.attempts = self.attempts.saturating_add(1);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lies in 0..=MAX")]
        let delay = (f64::from(bound) * random.clamp(0.0, 1.0)) as u32;
        delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_bound_doubles_up_to_thirty_seconds() {
        let mut backoff = Backoff::default();
        let delays: Vec<_> = (0..9).map(|_| backoff.next_delay(1.0)).collect();
        assert_eq!(delays, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn backoff_delay_lies_within_bound() {
        assert_eq!(Backoff::default().next_delay(0.0), 0);
        assert_eq!(Backoff::default().next_delay(0.5), 250);
        assert_eq!(Backoff { attempts: u32::MAX }.next_delay(7.0), 30_000);
    }
}
