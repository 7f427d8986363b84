//! Which of the loaded messages are rendered: at most [`RENDERED_MAX`] in a row, however long the chat is.

const RENDERED_MAX: usize = 240;
/// By how many messages the range moves.
const STEP: usize = 80;

/// The sequence numbers `[start, end)`. New messages belong to it while it is open at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisibleRange {
    start: i64,
    end: i64,
}

impl Default for VisibleRange {
    fn default() -> Self {
        Self { start: i64::MIN, end: i64::MAX }
    }
}

impl VisibleRange {
    pub fn contains(&self, seq: i64) -> bool {
        (self.start..self.end).contains(&seq)
    }

    /// Whether the newest message is in the range.
    pub fn is_at_end(&self) -> bool {
        self.end == i64::MAX
    }

    /// Moves up; `false` if the oldest loaded message is rendered already.
    pub fn page_up(&mut self, seqs: &[i64]) -> bool {
        let first = seqs.partition_point(|seq| *seq < self.start);
        if first == 0 {
            return false;
        }
        let first = first.saturating_sub(STEP);
        self.start = seq_at(seqs, first).unwrap_or(i64::MIN);
        if let Some(end) = seq_at(seqs, first + RENDERED_MAX) {
            self.end = self.end.min(end);
        }
        true
    }

    /// Moves down; `false` if the newest message is rendered already.
    pub fn page_down(&mut self, seqs: &[i64]) -> bool {
        if self.is_at_end() {
            return false;
        }
        let end = seqs.partition_point(|seq| *seq < self.end) + STEP;
        self.end = seq_at(seqs, end).unwrap_or(i64::MAX);
        let end = end.min(seqs.len());
        self.start = self.start.max(seq_at(seqs, end.saturating_sub(RENDERED_MAX)).unwrap_or(i64::MIN));
        true
    }

    /// Jumps to the newest messages.
    pub fn jump_to_end(&mut self, seqs: &[i64]) {
        self.end = i64::MAX;
        self.start = seq_at(seqs, seqs.len().saturating_sub(STEP)).unwrap_or(i64::MIN);
    }

    /// Jumps to this message, unless it is rendered already.
    pub fn jump_to(&mut self, seqs: &[i64], seq: i64) {
        if !self.contains(seq) {
            let first = seqs.partition_point(|it| *it < seq).saturating_sub(STEP);
            self.start = seq_at(seqs, first).unwrap_or(i64::MIN);
            self.end = seq_at(seqs, first + RENDERED_MAX).unwrap_or(i64::MAX);
        }
    }

    /// After new messages, drops surplus ones on the side that is not in view.
    pub fn trim(&mut self, seqs: &[i64], is_following: bool) {
        let first = seqs.partition_point(|seq| *seq < self.start);
        if !self.is_at_end() || seqs.len() - first <= RENDERED_MAX {
            return;
        }
        if is_following {
            self.start = seq_at(seqs, seqs.len().saturating_sub(RENDERED_MAX - STEP)).unwrap_or(i64::MIN);
        } else {
            self.end = seq_at(seqs, first + RENDERED_MAX).unwrap_or(i64::MAX);
        }
    }
}

fn seq_at(seqs: &[i64], index: usize) -> Option<i64> {
    seqs.get(index).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(range: &VisibleRange, seqs: &[i64]) -> Vec<i64> {
        seqs.iter().copied().filter(|seq| range.contains(*seq)).collect()
    }

    #[test]
    fn paging_up_and_down_covers_every_message() {
        let seqs: Vec<i64> = (1..=2_000).map(|n| n * 3).collect();
        let mut range = VisibleRange::default();
        range.jump_to_end(&seqs);
        let mut seen = rendered(&range, &seqs);
        while range.page_up(&seqs) {
            let now = rendered(&range, &seqs);
            assert!(now.len() <= RENDERED_MAX && now.contains(&seen[0]), "the scroll position can be kept");
            seen = now;
        }
        assert_eq!(seen[0], 3);
        while range.page_down(&seqs) {
            let now = rendered(&range, &seqs);
            assert!(now.len() <= RENDERED_MAX && now.contains(seen.last().unwrap()));
            seen = now;
        }
        assert!(range.is_at_end());
        assert_eq!(*seen.last().unwrap(), 6_000);
    }

    #[test]
    fn trim_keeps_the_side_in_view() {
        let seqs: Vec<i64> = (1..=500).collect();
        let (mut at_end, mut above) = (VisibleRange::default(), VisibleRange::default());
        at_end.trim(&seqs, true);
        above.trim(&seqs, false);
        assert!(at_end.contains(500) && rendered(&at_end, &seqs).len() <= RENDERED_MAX);
        assert!(above.contains(1) && !above.contains(500) && rendered(&above, &seqs).len() == RENDERED_MAX);
        above.jump_to_end(&seqs);
        assert!(above.contains(500) && above.is_at_end());
    }

    #[test]
    fn jump_renders_both_sides_of_a_message() {
        let seqs: Vec<i64> = (1..=900).collect();
        let mut range = VisibleRange::default();
        range.jump_to_end(&seqs);
        range.jump_to(&seqs, 300);
        let shown = rendered(&range, &seqs);
        assert!(
            shown.len() == RENDERED_MAX && range.contains(299) && range.contains(301) && !range.is_at_end()
        );
        let before = range;
        range.jump_to(&seqs, 310);
        assert_eq!(range, before, "a rendered message needs no jump");
    }

    #[test]
    fn short_chat_is_rendered_completely() {
        let seqs = [1, 2, 3];
        let mut range = VisibleRange::default();
        assert!(!range.page_up(&seqs) && !range.page_down(&seqs));
        range.trim(&seqs, true);
        assert_eq!(rendered(&range, &seqs), seqs);
    }
}
