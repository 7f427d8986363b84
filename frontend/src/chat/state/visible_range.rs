//! Which of the loaded messages are rendered: at most [`RENDERED_MAX`] in a row, however long the chat is.

use shared::{id::Seq, timeline::Part};

const RENDERED_MAX: usize = 240;
/// By how many messages the range moves: few, because rendering them must not hold up a frame.
const STEP: usize = 20;
/// How many messages are rendered on each side of the one that is jumped to: enough for a view and what is next to it.
const SIDE: usize = 40;

/// The sequence numbers `[start, end)`. New messages belong to it while it is open at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VisibleRange {
    start: Seq,
    /// `None` while it is open.
    end: Option<Seq>,
}

impl VisibleRange {
    pub fn contains(&self, seq: Seq) -> bool {
        self.start <= seq && self.end.is_none_or(|end| seq < end)
    }

    /// Whether the newest message is in the range.
    pub fn is_at_end(&self) -> bool {
        self.end.is_none()
    }

    /// Where it begins.
    pub fn start(&self) -> Seq {
        self.start
    }

    /// Where it ends, exclusively; `None` while it is open.
    pub fn end(&self) -> Option<Seq> {
        self.end
    }

    /// Moves up; `false` if the oldest message of the part is rendered already.
    pub fn page_up(&mut self, part: &Part) -> bool {
        let seqs = &part.seqs;
        let first = seqs.partition_point(|seq| *seq < self.start);
        if first == 0 {
            return false;
        }
        let first = first.saturating_sub(STEP);
        self.start = seq_at(seqs, first).unwrap_or_default();
        if let Some(end) = seq_at(seqs, first + RENDERED_MAX) {
            self.end = Some(self.end.map_or(end, |it| it.min(end)));
        }
        true
    }

    /// Moves down; `false` if the newest message of the part is rendered already.
    pub fn page_down(&mut self, part: &Part) -> bool {
        let Some(end) = self.end.filter(|_| self.end != part.end) else { return false };
        let seqs = &part.seqs;
        let end = seqs.partition_point(|seq| *seq < end) + STEP;
        self.end = seq_at(seqs, end).or(part.end);
        let end = end.min(seqs.len());
        self.start = self.start.max(seq_at(seqs, end.saturating_sub(RENDERED_MAX)).unwrap_or_default());
        true
    }

    /// Jumps to the newest messages.
    pub fn jump_to_end(&mut self, newest: &Part) {
        let seqs = &newest.seqs;
        self.end = None;
        self.start = seq_at(seqs, seqs.len().saturating_sub(SIDE)).unwrap_or_default();
    }

    /// Jumps to this message, unless it is rendered already.
    pub fn jump_to(&mut self, part: &Part, seq: Seq) {
        if !self.contains(seq) || !self.is_within(part) {
            let target = part.seqs.partition_point(|it| *it < seq);
            self.start = seq_at(&part.seqs, target.saturating_sub(SIDE)).unwrap_or_default();
            self.end = seq_at(&part.seqs, target + SIDE).or(part.end);
        }
    }

    fn is_within(&self, part: &Part) -> bool {
        let has_start = part.seqs.first().is_none_or(|first| *first <= self.start);
        has_start && part.end.is_none_or(|part_end| self.end.is_some_and(|end| end <= part_end))
    }

    /// Whether a message of the part is rendered.
    pub fn has_any(&self, part: &Part) -> bool {
        part.seqs.iter().any(|seq| self.contains(*seq))
    }

    /// After new messages, drops surplus ones on the side that is not in view.
    pub fn trim(&mut self, newest: &Part, is_following: bool) {
        let seqs = &newest.seqs;
        let first = seqs.partition_point(|seq| *seq < self.start);
        if !self.is_at_end() || seqs.len() - first <= RENDERED_MAX {
            return;
        }
        if is_following {
            self.start = seq_at(seqs, seqs.len().saturating_sub(RENDERED_MAX - STEP)).unwrap_or_default();
        } else {
            self.end = seq_at(seqs, first + RENDERED_MAX);
        }
    }
}

fn seq_at(seqs: &[Seq], index: usize) -> Option<Seq> {
    seqs.get(index).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The newest messages.
    fn part(numbers: impl Iterator<Item = i64>) -> Part {
        Part { seqs: numbers.map(Seq::new).collect(), end: None }
    }

    fn rendered(range: &VisibleRange, part: &Part) -> Vec<Seq> {
        part.seqs.iter().copied().filter(|seq| range.contains(*seq)).collect()
    }

    #[test]
    fn paging_up_and_down_covers_every_message() {
        let part = part((1..=2_000).map(|n| n * 3));
        let mut range = VisibleRange::default();
        range.jump_to_end(&part);
        let mut seen = rendered(&range, &part);
        while range.page_up(&part) {
            let now = rendered(&range, &part);
            assert!(now.len() <= RENDERED_MAX && now.contains(&seen[0]), "the scroll position can be kept");
            seen = now;
        }
        assert_eq!(seen[0], Seq::new(3));
        while range.page_down(&part) {
            let now = rendered(&range, &part);
            assert!(now.len() <= RENDERED_MAX && now.contains(seen.last().unwrap()));
            seen = now;
        }
        assert!(range.is_at_end());
        assert_eq!(*seen.last().unwrap(), Seq::new(6_000));
    }

    #[test]
    fn trim_keeps_the_side_in_view() {
        let part = part(1..=500);
        let [first, last] = [1, 500].map(Seq::new);
        let (mut at_end, mut above) = (VisibleRange::default(), VisibleRange::default());
        at_end.trim(&part, true);
        above.trim(&part, false);
        assert!(at_end.contains(last) && rendered(&at_end, &part).len() <= RENDERED_MAX);
        assert!(
            above.contains(first) && !above.contains(last) && rendered(&above, &part).len() == RENDERED_MAX
        );
        above.jump_to_end(&part);
        assert!(above.contains(last) && above.is_at_end());
    }

    #[test]
    fn jump_renders_both_sides_of_a_message() {
        let part = part(1..=900);
        let mut range = VisibleRange::default();
        range.jump_to_end(&part);
        range.jump_to(&part, Seq::new(300));
        let shown = rendered(&range, &part);
        let sides = [299, 301].map(Seq::new);
        assert!(shown.len() == 2 * SIDE && sides.iter().all(|seq| shown.contains(seq)));
        assert!(!range.is_at_end());
        let before = range;
        range.jump_to(&part, Seq::new(310));
        assert_eq!(range, before, "a rendered message needs no jump");
    }

    #[test]
    fn range_ends_with_the_part_it_is_in() {
        let earlier = Part { end: Some(Seq::new(401)), ..part(1..=400) };
        let newest = part(900..=1_000);
        let mut range = VisibleRange::default();
        range.jump_to_end(&newest);
        range.jump_to(&earlier, Seq::new(390));
        assert!(range.contains(Seq::new(400)) && !range.contains(Seq::new(401)));
        assert!(!range.page_down(&earlier), "the rest has to be loaded");
        assert!(range.page_up(&earlier) && !range.is_at_end());
        while range.page_down(&earlier) {}
        assert!(range.contains(Seq::new(400)) && !range.contains(Seq::new(900)));
        // The part is replaced by another one, which begins within the range.
        let other = Part { end: Some(Seq::new(451)), ..part(380..=450) };
        range.jump_to(&other, Seq::new(395));
        assert_eq!(rendered(&range, &other), other.seqs[..15 + SIDE]);
        assert!(!range.contains(Seq::new(300)));
        // The gap is closed.
        let all = part(380..=1_000);
        while range.page_down(&all) {}
        assert!(range.is_at_end() && range.has_any(&newest) && !range.has_any(&earlier));
    }

    #[test]
    fn short_chat_is_rendered_completely() {
        let part = part(1..=3);
        let mut range = VisibleRange::default();
        assert!(!range.page_up(&part) && !range.page_down(&part));
        range.trim(&part, true);
        assert_eq!(rendered(&range, &part), part.seqs);
    }
}
