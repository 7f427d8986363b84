//! Which marks belong together: the rules of `CommonMark` 0.31, section 6.2, one pass with a stack.

use super::{DEEPEST, Span};

/// Marks of one kind in a row.
#[derive(Clone, Copy)]
pub struct Run {
    pub mark: char,
    /// How many of them are not used yet,
    pub left: usize,
    /// and how many there were.
    pub length: usize,
    pub opens: bool,
    pub closes: bool,
}

enum Entry {
    /// A span, and how deep it goes.
    Span(Span, usize),
    /// May be closed yet.
    Run(Run),
}

/// What was read of a text.
#[derive(Default)]
pub struct Stack(Vec<Entry>);

impl Stack {
    pub fn push(&mut self, span: Span) {
        self.0.push(Entry::Span(span, 0));
    }

    pub fn text(&mut self, text: &str) {
        if let Some(Entry::Span(Span::Text(last), _)) = self.0.last_mut() {
            last.push_str(text);
        } else if !text.is_empty() {
            self.push(Span::Text(text.to_owned()));
        }
    }

    pub fn run(&mut self, mut run: Run) {
        while run.closes && run.left > 0 && self.close(&mut run) {}
        if run.opens {
            self.0.extend((run.left > 0).then_some(Entry::Run(run)));
        } else {
            self.text(&run.text());
        }
    }

    pub fn spans(mut self) -> Vec<Span> {
        self.take_from(0).0
    }

    /// Ends the emphasis that the last fitting run began.
    fn close(&mut self, run: &mut Run) -> bool {
        let fits = |entry: &Entry| matches!(entry, Entry::Run(opener) if opener.is_closed_by(run));
        let Some(opener) = self.0.iter().rposition(fits) else { return false };
        if self.depth_from(opener) >= DEEPEST {
            return false;
        }
        let (inside, depth) = self.take_from(opener + 1);
        let Some(Entry::Run(opener)) = self.0.last_mut() else { return false };
        let used = opener.left.min(run.left).min(2);
        opener.left -= used;
        run.left -= used;
        if opener.left == 0 {
            self.0.pop();
        }
        let span = match (run.mark, used) {
            ('~', _) => Span::Strike(inside),
            (_, 1) => Span::Emphasis(inside),
            _ => Span::Strong(inside),
        };
        self.0.push(Entry::Span(span, depth + 1));
        true
    }

    fn depth_from(&self, start: usize) -> usize {
        let depth = |entry: &Entry| if let Entry::Span(_, depth) = entry { *depth } else { 0 };
        self.0.iter().skip(start).map(depth).max().unwrap_or_default()
    }

    /// All from there on, runs that nothing closed as the text that they are; and how deep it goes.
    fn take_from(&mut self, start: usize) -> (Vec<Span>, usize) {
        let depth = self.depth_from(start);
        let mut spans: Vec<Span> = Vec::new();
        for entry in self.0.split_off(start.min(self.0.len())) {
            let span = match entry {
                Entry::Span(span, _) => span,
                Entry::Run(run) => Span::Text(run.text()),
            };
            match (span, spans.last_mut()) {
                (Span::Text(text), Some(Span::Text(last))) => last.push_str(&text),
                (span, _) => spans.push(span),
            }
        }
        (spans, depth)
    }
}

impl Run {
    fn is_closed_by(&self, run: &Self) -> bool {
        let is_same = self.opens && self.mark == run.mark;
        let both = self.length + run.length;
        // A run that could do either does not close one with which it makes three: `*a**b*`.
        let either = self.closes || run.opens;
        let is_odd = either && both.is_multiple_of(3) && !self.length.is_multiple_of(3);
        is_same && if run.mark == '~' { self.left == 2 && run.left == 2 } else { !is_odd }
    }

    fn text(&self) -> String {
        self.mark.to_string().repeat(self.left)
    }
}
