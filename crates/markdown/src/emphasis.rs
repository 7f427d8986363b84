//! Matches emphasis delimiters by the rules of `CommonMark` 0.31, section 6.2, in linear time with a stack.

use std::ops::Range;

use super::{DEPTH_MAX, Inline, steps};

/// A run of equal delimiter characters.
#[derive(Clone, Copy)]
pub struct DelimiterRun {
    pub delimiter: char,
    /// The offset of the first delimiter that is not matched yet.
    pub start: usize,
    /// How many delimiters are not matched yet.
    pub remaining: usize,
    /// How many there were at first.
    pub length: usize,
    pub can_open: bool,
    pub can_close: bool,
}

enum StackEntry {
    /// Literal text, by its byte offsets.
    Text(Range<usize>),
    /// An inline and the depth of its nesting.
    Inline(Inline, usize),
    /// An opening run that may still be closed.
    Opener(DelimiterRun),
}

/// Closing runs of the same class match the same opening runs.
const CLOSER_CLASSES: usize = 18;

/// The inlines parsed so far, with the delimiter runs that are still open.
pub struct InlineStack<'a> {
    text: &'a str,
    entries: Vec<StackEntry>,
    /// The inlines among the entries and within them.
    pub inline_count: usize,
    /// For each class of closing runs: no entry below this index matches. Without it, each closing run would search all
    /// entries again.
    search_ends: [usize; CLOSER_CLASSES],
    /// For each byte of the text: whether it is markup. Empty if it is not needed.
    pub marks: Vec<bool>,
}

impl<'a> InlineStack<'a> {
    /// For the inlines of `text`.
    pub fn new(text: &'a str) -> Self {
        let search_ends = [0; CLOSER_CLASSES];
        Self { text, entries: Vec::new(), inline_count: 0, search_ends, marks: Vec::new() }
    }

    pub fn push(&mut self, inline: Inline) {
        self.push_nested(inline, 0);
    }

    fn push_nested(&mut self, inline: Inline, depth: usize) {
        self.inline_count += 1;
        self.entries.push(StackEntry::Inline(inline, depth));
    }

    pub fn push_text(&mut self, range: Range<usize>) {
        match self.entries.last_mut() {
            Some(StackEntry::Text(last)) if last.end == range.start => last.end = range.end,
            _ => self.entries.push(StackEntry::Text(range)),
        }
    }

    pub fn push_run(&mut self, mut run: DelimiterRun) {
        while run.can_close && run.remaining > 0 && self.close_emphasis(&mut run) {}
        if run.remaining > 0 && run.can_open {
            self.entries.push(StackEntry::Opener(run));
        } else if run.remaining > 0 {
            self.push_text(run.unmatched());
        }
    }

    pub fn into_inlines(mut self) -> Vec<Inline> {
        self.take_from(0).0
    }

    /// Records that the bytes are markup.
    pub fn mark(&mut self, start: usize, length: usize) {
        self.marks.iter_mut().skip(start).take(length).for_each(|mark| *mark = true);
    }

    /// Closes the emphasis that the last matching opener began; false if there is none.
    fn close_emphasis(&mut self, run: &mut DelimiterRun) -> bool {
        let Some(index) = self.find_opener(run) else { return false };
        let (children, depth) = self.take_from(index + 1);
        let Some(StackEntry::Opener(opener)) = self.entries.last_mut() else { return false };
        let used = opener.remaining.min(run.remaining).min(2);
        opener.remaining -= used;
        let opening = opener.start + opener.remaining;
        if opener.remaining == 0 {
            self.entries.pop();
        }
        let inline = match (run.delimiter, used) {
            ('~', _) => Inline::Strike(children),
            (_, 1) => Inline::Emphasis(children),
            _ => Inline::Strong(children),
        };
        self.push_nested(inline, depth + 1);
        self.mark(opening, used);
        self.mark(run.start, used);
        run.start += used;
        run.remaining -= used;
        self.update_search_ends(depth + 1);
        true
    }

    fn find_opener(&mut self, closer: &DelimiterRun) -> Option<usize> {
        let end = self.search_ends.get_mut(closer.class())?;
        let matches =
            |entry: &StackEntry| matches!(entry, StackEntry::Opener(opener) if opener.matches(closer));
        let found = self.entries.get(*end..)?.iter().rposition(matches).map(|index| *end + index);
        steps::add(self.entries.len() - found.unwrap_or(*end));
        if found.is_none() {
            *end = self.entries.len();
        }
        found
    }

    /// After entries were replaced by one with nesting of this depth.
    fn update_search_ends(&mut self, depth: usize) {
        let length = self.entries.len();
        for end in &mut self.search_ends {
            // Nothing that contains an entry of the greatest depth can be closed any more.
            *end = if depth >= DEPTH_MAX { length } else { length.min(*end) };
        }
    }

    /// Removes all entries from `start` on, unmatched runs as literal text. Returns them and their greatest depth.
    fn take_from(&mut self, start: usize) -> (Vec<Inline>, usize) {
        let (mut inlines, mut greatest_depth): (Vec<Inline>, usize) = (Vec::new(), 0);
        for entry in self.entries.split_off(start.min(self.entries.len())) {
            let range = match entry {
                StackEntry::Text(range) => range,
                StackEntry::Opener(run) => run.unmatched(),
                StackEntry::Inline(inline, depth) => {
                    inlines.push(inline);
                    greatest_depth = greatest_depth.max(depth);
                    0..0
                }
            };
            let text = self.text.get(range).unwrap_or_default();
            steps::add(text.len() + 1);
            match inlines.last_mut() {
                Some(Inline::Text(last)) => last.push_str(text),
                _ => inlines.extend((!text.is_empty()).then(|| Inline::Text(text.to_owned()))),
            }
        }
        (inlines, greatest_depth)
    }
}

impl DelimiterRun {
    /// Whether `closer` can close what this run opens. Depends on nothing of `closer` but its class.
    fn matches(&self, closer: &Self) -> bool {
        let is_same = self.can_open && self.delimiter == closer.delimiter;
        let sum = self.length + closer.length;
        // The "rule of three": in `*a**b*` the inner run, which can open and close, matches neither outer one.
        let is_ambiguous = self.can_close || closer.can_open;
        let is_excluded = is_ambiguous && sum.is_multiple_of(3) && !self.length.is_multiple_of(3);
        // Runs of tildes have two of them and are used as a whole.
        is_same && (closer.delimiter == '~' || !is_excluded)
    }

    fn class(&self) -> usize {
        let delimiter = match self.delimiter {
            '*' => 0,
            '_' => 1,
            _ => 2,
        };
        delimiter * 6 + usize::from(self.can_open) * 3 + self.length % 3
    }

    /// The delimiters that are not matched.
    fn unmatched(&self) -> Range<usize> {
        self.start..self.start + self.remaining
    }
}
