//! From a text to spans.

use super::{
    Span,
    emphasis::{Run, Stack},
    links::{self, Piece, pieces},
};

/// A row of so many backticks or more opens no code.
const TICKS: usize = 32;

/// What may be more than text.
const MARKS: [char; 7] = ['\n', '\\', '`', '[', '*', '_', '~'];

/// What a backslash takes the meaning from.
const ESCAPED: &str = "*_~`[]>-+";

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    stack: Stack,
    /// The links that stand in the text as they are, from the last to the first: where they begin, and each itself.
    bare: Vec<(usize, &'a str)>,
    /// Every `[` that is closed, from the last to the first, and where.
    brackets: Vec<(usize, usize)>,
    /// For rows of so many backticks there is no other one further on.
    unclosed: [bool; TICKS],
}

/// Reads a text.
pub fn read(text: &str) -> Vec<Span> {
    let mut scanner = Scanner {
        text,
        at: 0,
        stack: Stack::default(),
        bare: bare(text),
        brackets: brackets(text),
        unclosed: [false; TICKS],
    };
    while scanner.step() {}
    scanner.stack.spans()
}

fn bare(text: &str) -> Vec<(usize, &str)> {
    let (mut at, mut bare) = (0, Vec::new());
    for piece in pieces(text) {
        let (Piece::Text(part) | Piece::Link(part)) = piece;
        bare.extend(matches!(piece, Piece::Link(_)).then_some((at, part)));
        at += part.len();
    }
    bare.reverse();
    bare
}

fn brackets(text: &str) -> Vec<(usize, usize)> {
    let (mut open, mut closed) = (Vec::new(), Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '[' => open.push(at),
            ']' => closed.extend(open.pop().map(|start| (start, at))),
            _ => {}
        }
    }
    closed.sort_unstable_by(|a, b| b.cmp(a));
    closed
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn step(&mut self) -> bool {
        if let Some(link) = self.next_bare() {
            self.stack.push(Span::Bare(link.to_owned()));
            self.at += link.len();
            return true;
        }
        match self.rest().chars().next() {
            None => return false,
            Some('\n') => {
                self.stack.push(Span::Break);
                self.at += 1;
            }
            Some('\\') => self.escape(),
            Some('`') => self.code(),
            Some('[') => self.link(),
            Some(mark @ ('*' | '_' | '~')) => self.run(mark),
            Some(_) => self.words(),
        }
        true
    }

    /// The link that stands here.
    fn next_bare(&mut self) -> Option<&'a str> {
        while self.bare.pop_if(|(start, _)| *start < self.at).is_some() {}
        self.bare.pop_if(|(start, _)| *start == self.at).map(|(_, link)| link)
    }

    /// So many bytes are the text that they are.
    fn literal(&mut self, length: usize) {
        self.stack.text(self.rest().get(..length).unwrap_or_default());
        self.at += length;
    }

    /// Up to what may be more than text.
    fn words(&mut self) {
        let rest = self.rest();
        let mark = rest.find(MARKS).unwrap_or(rest.len());
        let link = self.bare.last().map_or(rest.len(), |(start, _)| start - self.at);
        self.literal(mark.min(link));
    }

    /// The mark behind it is none. Before anything else it is what it is, as in the paths of some machines.
    fn escape(&mut self) {
        if self.rest().chars().nth(1).is_some_and(|c| ESCAPED.contains(c)) {
            self.at += 1;
        }
        self.literal(1);
    }

    fn code(&mut self) {
        let rest = self.rest();
        let ticks = row(rest, '`');
        let inside = rest.get(ticks..).unwrap_or_default();
        let known = self.unclosed.get_mut(ticks);
        let Some(unclosed) = known.filter(|unclosed| !**unclosed) else { return self.literal(ticks) };
        let Some(length) = next_row(inside, ticks) else {
            *unclosed = true;
            return self.literal(ticks);
        };
        let code = inside.get(..length).unwrap_or_default();
        // A blank on both sides only makes room for a backtick.
        let padded = code.strip_prefix(' ').and_then(|code| code.strip_suffix(' '));
        self.stack.push(Span::Code(padded.filter(|code| !code.trim().is_empty()).unwrap_or(code).to_owned()));
        self.at += ticks + length + ticks;
    }

    fn link(&mut self) {
        let Some((label, to, end)) = self.next_link() else { return self.literal(1) };
        self.stack.push(Span::Link { to: to.to_owned(), label: read(label) });
        self.at = end;
    }

    /// Its label, where it leads, and where it ends, if it may lead there. A link in the words of another would show one
    /// address and lead to another.
    fn next_link(&mut self) -> Option<(&'a str, &'a str, usize)> {
        while self.brackets.pop_if(|(start, _)| *start < self.at).is_some() {}
        let (_, close) = self.brackets.pop_if(|(start, _)| *start == self.at)?;
        let label = self.text.get(self.at + 1..close)?;
        let tail = self.text.get(close + 1..)?.strip_prefix('(')?;
        let to = tail.get(..closing_parenthesis(tail)?)?;
        let is_plain =
            !label.contains('[') && pieces(label).iter().all(|piece| matches!(piece, Piece::Text(_)));
        let good = is_plain && !label.trim().is_empty() && links::may_lead_to(to);
        good.then_some((label, to, close + "](".len() + to.len() + ")".len()))
    }

    fn run(&mut self, mark: char) {
        let length = row(self.rest(), mark);
        let before = self.text.get(..self.at).and_then(|text| text.chars().next_back());
        let after = self.rest().get(length..).and_then(|text| text.chars().next());
        let is_blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let is_sign = |c: Option<char>| c.is_some_and(|c| !c.is_alphanumeric() && !c.is_whitespace());
        let left = !is_blank(after) && (!is_sign(after) || is_blank(before) || is_sign(before));
        let right = !is_blank(before) && (!is_sign(before) || is_blank(after) || is_sign(after));
        let (opens, closes) = match mark {
            '_' => (left && (!right || is_sign(before)), right && (!left || is_sign(after))),
            // One of them is "about".
            '~' => (left && length == 2, right && length == 2),
            _ => (left, right),
        };
        self.stack.run(Run { mark, left: length, length, opens, closes });
        self.at += length;
    }
}

/// How many of `mark` a text begins with.
fn row(text: &str, mark: char) -> usize {
    text.len() - text.trim_start_matches(mark).len()
}

/// Where a row of exactly so many backticks is.
fn next_row(text: &str, ticks: usize) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text.get(at..)?.find('`')?;
        let length = row(text.get(at..)?, '`');
        if length == ticks {
            return Some(at);
        }
        at += length;
    }
}

/// Of the parenthesis that was opened just before.
fn closing_parenthesis(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => open += 1,
            ')' if open == 1 => return Some(at),
            ')' => open -= 1,
            c if c.is_whitespace() => return None,
            _ => {}
        }
    }
    None
}
