//! When the next post is due.

use std::time::Duration;

use super::Pace;

pub struct Pacer {
    pub pace: Pace,
    posted: usize,
}

impl Pacer {
    pub fn new(pace: Pace) -> Self {
        Self { pace, posted: 0 }
    }

    fn next(&self) -> Option<Duration> {
        match self.pace {
            Pace::Closed => None,
            Pace::PerSecond(rate) => Some(Duration::from_secs_f64(self.posted as f64 / rate)),
        }
    }

    /// The lane whose turn it is, if a post is due.
    pub fn due(&mut self, now: Duration, lanes: usize) -> Option<(usize, Duration)> {
        let due = self.next().filter(|due| *due <= now)?;
        self.posted += 1;
        Some(((self.posted - 1) % lanes, due))
    }

    /// How long may be slept. The system sleeps in whole milliseconds, so the last two are spent awake.
    pub fn patience(&self, now: Duration) -> Duration {
        match self.next() {
            None => Duration::MAX,
            Some(due) => due.saturating_sub(now + Duration::from_millis(2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_that_come_late_keep_the_time_at_which_they_were_due() {
        let mut pacer = Pacer::new(Pace::PerSecond(100.0));
        let now = Duration::from_millis(25);
        let due: Vec<_> = std::iter::from_fn(|| pacer.due(now, 2)).collect();
        let expected = [(0, 0), (1, 10), (0, 20)].map(|(lane, millis)| (lane, Duration::from_millis(millis)));
        assert_eq!(due, expected);
        assert_eq!(pacer.patience(now), Duration::from_millis(3));
    }
}
