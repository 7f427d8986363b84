//! Decides when the next post is due.

use std::time::Duration;

use super::PostingPace;

pub struct Pacer {
    pub pace: PostingPace,
    posted: usize,
}

impl Pacer {
    pub fn new(pace: PostingPace) -> Self {
        Self { pace, posted: 0 }
    }

    fn next_due(&self) -> Option<Duration> {
        match self.pace {
            PostingPace::Closed => None,
            PostingPace::PerSecond(rate) => Some(Duration::from_secs_f64(self.posted as f64 / rate)),
        }
    }

    /// The group whose turn it is, and the due time, if a post is due.
    pub fn take_due(&mut self, now: Duration, writer_groups: usize) -> Option<(usize, Duration)> {
        let due = self.next_due().filter(|due| *due <= now)?;
        self.posted += 1;
        Some(((self.posted - 1) % writer_groups, due))
    }

    /// How long the caller may sleep. The system sleeps in whole milliseconds, so the last two are spent polling.
    pub fn time_until_due(&self, now: Duration) -> Duration {
        match self.next_due() {
            None => Duration::MAX,
            Some(due) => due.saturating_sub(now + Duration::from_millis(2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_posts_keep_their_due_time() {
        let mut pacer = Pacer::new(PostingPace::PerSecond(100.0));
        let now = Duration::from_millis(25);
        let due: Vec<_> = std::iter::from_fn(|| pacer.take_due(now, 2)).collect();
        let expected =
            [(0, 0), (1, 10), (0, 20)].map(|(group, millis)| (group, Duration::from_millis(millis)));
        assert_eq!(due, expected);
        assert_eq!(pacer.time_until_due(now), Duration::from_millis(3));
    }
}
