//! Which of the loaded messages are rendered: a stretch of at most [`MOST`], however long the chat is.

/// The most messages that are rendered.
const MOST: usize = 240;
/// By how many the stretch moves.
const STEP: usize = 80;

/// The places `[start, end)`. New messages join it while it is open at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    start: i64,
    end: i64,
}

impl Default for Window {
    fn default() -> Self {
        Self { start: i64::MIN, end: i64::MAX }
    }
}

impl Window {
    pub fn holds(&self, seq: i64) -> bool {
        (self.start..self.end).contains(&seq)
    }

    /// Whether the newest message is in it.
    pub fn is_at_end(&self) -> bool {
        self.end == i64::MAX
    }

    /// Moves up; `false` when the oldest loaded message is rendered already.
    pub fn back(&mut self, seqs: &[i64]) -> bool {
        let first = seqs.partition_point(|seq| *seq < self.start);
        if first == 0 {
            return false;
        }
        let first = first.saturating_sub(STEP);
        self.start = at(seqs, first).unwrap_or(i64::MIN);
        if let Some(end) = at(seqs, first + MOST) {
            self.end = self.end.min(end);
        }
        true
    }

    /// Moves down; `false` when the newest message is rendered already.
    pub fn forth(&mut self, seqs: &[i64]) -> bool {
        if self.is_at_end() {
            return false;
        }
        let end = seqs.partition_point(|seq| *seq < self.end) + STEP;
        self.end = at(seqs, end).unwrap_or(i64::MAX);
        let end = end.min(seqs.len());
        self.start = self.start.max(at(seqs, end.saturating_sub(MOST)).unwrap_or(i64::MIN));
        true
    }

    /// Jumps to the newest messages.
    pub fn jump_to_end(&mut self, seqs: &[i64]) {
        self.end = i64::MAX;
        self.start = at(seqs, seqs.len().saturating_sub(STEP)).unwrap_or(i64::MIN);
    }

    /// Jumps to where this place is in it.
    pub fn show(&mut self, seqs: &[i64], seq: i64) {
        if !self.holds(seq) {
            let first = seqs.partition_point(|it| *it < seq).saturating_sub(STEP);
            self.start = at(seqs, first).unwrap_or(i64::MIN);
            self.end = at(seqs, first + MOST).unwrap_or(i64::MAX);
        }
    }

    /// After messages came: drops what is too much on the side where nobody looks.
    pub fn trim(&mut self, seqs: &[i64], following: bool) {
        let first = seqs.partition_point(|seq| *seq < self.start);
        if !self.is_at_end() || seqs.len() - first <= MOST {
            return;
        }
        if following {
            self.start = at(seqs, seqs.len().saturating_sub(MOST - STEP)).unwrap_or(i64::MIN);
        } else {
            self.end = at(seqs, first + MOST).unwrap_or(i64::MAX);
        }
    }
}

fn at(seqs: &[i64], index: usize) -> Option<i64> {
    seqs.get(index).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(window: &Window, seqs: &[i64]) -> Vec<i64> {
        seqs.iter().copied().filter(|seq| window.holds(*seq)).collect()
    }

    #[test]
    fn going_up_a_long_chat_and_down_again_shows_every_message_and_never_too_many() {
        let seqs: Vec<i64> = (1..=2_000).map(|n| n * 3).collect();
        let mut window = Window::default();
        window.jump_to_end(&seqs);
        let mut seen = rendered(&window, &seqs);
        while window.back(&seqs) {
            let now = rendered(&window, &seqs);
            assert!(now.len() <= MOST && now.contains(&seen[0]), "the view can be held still");
            seen = now;
        }
        assert_eq!(seen[0], 3);
        while window.forth(&seqs) {
            let now = rendered(&window, &seqs);
            assert!(now.len() <= MOST && now.contains(seen.last().unwrap()));
            seen = now;
        }
        assert!(window.is_at_end());
        assert_eq!(*seen.last().unwrap(), 6_000);
    }

    #[test]
    fn whoever_follows_keeps_the_newest_and_whoever_reads_above_keeps_their_place() {
        let seqs: Vec<i64> = (1..=500).collect();
        let (mut follower, mut reader) = (Window::default(), Window::default());
        follower.trim(&seqs, true);
        reader.trim(&seqs, false);
        assert!(follower.holds(500) && rendered(&follower, &seqs).len() <= MOST);
        assert!(reader.holds(1) && !reader.holds(500) && rendered(&reader, &seqs).len() == MOST);
        reader.jump_to_end(&seqs);
        assert!(reader.holds(500) && reader.is_at_end());
    }

    #[test]
    fn a_place_far_above_is_shown_with_what_comes_before_and_after() {
        let seqs: Vec<i64> = (1..=900).collect();
        let mut window = Window::default();
        window.jump_to_end(&seqs);
        window.show(&seqs, 300);
        let shown = rendered(&window, &seqs);
        assert!(shown.len() == MOST && window.holds(299) && window.holds(301) && !window.is_at_end());
        let was = window;
        window.show(&seqs, 310);
        assert_eq!(window, was, "what is shown need not be jumped to");
    }

    #[test]
    fn a_short_chat_is_rendered_whole() {
        let seqs = [1, 2, 3];
        let mut window = Window::default();
        assert!(!window.back(&seqs) && !window.forth(&seqs));
        window.trim(&seqs, true);
        assert_eq!(rendered(&window, &seqs), seqs);
    }
}
