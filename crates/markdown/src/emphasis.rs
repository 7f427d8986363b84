//! Matches emphasis delimiters by the rules of `CommonMark` 0.31, section 6.2, in one pass with a stack.

use super::{Inline, MAX_DEPTH};

/// A run of equal delimiter characters.
#[derive(Clone, Copy)]
pub struct DelimiterRun {
    pub delimiter: char,
    /// How many delimiters are not matched yet.
    pub remaining: usize,
    /// How many there were at first.
    pub length: usize,
    pub can_open: bool,
    pub can_close: bool,
}

enum StackEntry {
    /// An inline and the depth of its nesting.
    Inline(Inline, usize),
    /// An opening run that may still be closed.
    Opener(DelimiterRun),
}

/// The inlines parsed so far, with the delimiter runs that are still open.
#[derive(Default)]
pub struct InlineStack(Vec<StackEntry>);

impl InlineStack {
    pub fn push(&mut self, inline: Inline) {
        self.0.push(StackEntry::Inline(inline, 0));
    }

    pub fn push_text(&mut self, text: &str) {
        if let Some(StackEntry::Inline(Inline::Text(last), _)) = self.0.last_mut() {
            last.push_str(text);
        } else if !text.is_empty() {
            self.push(Inline::Text(text.to_owned()));
        }
    }

    pub fn push_run(&mut self, mut run: DelimiterRun) {
        while run.can_close && run.remaining > 0 && self.close_emphasis(&mut run) {}
        if run.can_open {
            self.0.extend((run.remaining > 0).then_some(StackEntry::Opener(run)));
        } else {
            self.push_text(&run.literal());
        }
    }

    pub fn into_inlines(mut self) -> Vec<Inline> {
        self.take_from(0).0
    }

    /// Closes the emphasis that the last matching opener began; false if there is none.
    fn close_emphasis(&mut self, run: &mut DelimiterRun) -> bool {
        let matches = |entry: &StackEntry| matches!(entry, StackEntry::Opener(opener) if opener.matches(run));
        let Some(opener) = self.0.iter().rposition(matches) else { return false };
        if self.max_depth_from(opener) >= MAX_DEPTH {
            return false;
        }
        let (children, depth) = self.take_from(opener + 1);
        let Some(StackEntry::Opener(opener)) = self.0.last_mut() else { return false };
        let used = opener.remaining.min(run.remaining).min(2);
        opener.remaining -= used;
        run.remaining -= used;
        if opener.remaining == 0 {
            self.0.pop();
        }
        let inline = match (run.delimiter, used) {
            ('~', _) => Inline::Strike(children),
            (_, 1) => Inline::Emphasis(children),
            _ => Inline::Strong(children),
        };
        self.0.push(StackEntry::Inline(inline, depth + 1));
        true
    }

    fn max_depth_from(&self, start: usize) -> usize {
        let depth = |entry: &StackEntry| if let StackEntry::Inline(_, depth) = entry { *depth } else { 0 };
        self.0.iter().skip(start).map(depth).max().unwrap_or_default()
    }

    /// Removes all entries from `start` on, unmatched runs as literal text. Returns them and their greatest depth.
    fn take_from(&mut self, start: usize) -> (Vec<Inline>, usize) {
        let depth = self.max_depth_from(start);
        let mut inlines: Vec<Inline> = Vec::new();
        for entry in self.0.split_off(start.min(self.0.len())) {
            let inline = match entry {
                StackEntry::Inline(inline, _) => inline,
                StackEntry::Opener(run) => Inline::Text(run.literal()),
            };
            match (inline, inlines.last_mut()) {
                (Inline::Text(text), Some(Inline::Text(last))) => last.push_str(&text),
                (inline, _) => inlines.push(inline),
            }
        }
        (inlines, depth)
    }
}

impl DelimiterRun {
    /// Whether `closer` can close what this run opens.
    fn matches(&self, closer: &Self) -> bool {
        let is_same = self.can_open && self.delimiter == closer.delimiter;
        let sum = self.length + closer.length;
        // The "rule of three": in `*a**b*` the inner run, which can open and close, matches neither outer one.
        let is_ambiguous = self.can_close || closer.can_open;
        let is_excluded = is_ambiguous && sum.is_multiple_of(3) && !self.length.is_multiple_of(3);
        is_same
            && if closer.delimiter == '~' {
                self.remaining == 2 && closer.remaining == 2
            } else {
                !is_excluded
            }
    }

    fn literal(&self) -> String {
        self.delimiter.to_string().repeat(self.remaining)
    }
}
