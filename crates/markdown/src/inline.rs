//! Parses text into inlines.

use super::{
    Inline,
    emphasis::{DelimiterRun, InlineStack},
    links::{self, Token, tokenize},
};

/// A run of this many backticks or more opens no code span.
const BACKTICKS_MAX: usize = 32;

/// Characters that may be more than literal text.
const SPECIAL_CHARS: [char; 7] = ['\n', '\\', '`', '[', '*', '_', '~'];

/// Characters that a backslash makes literal.
const ESCAPABLE: &str = "*_~`[]>-+";

struct Scanner<'a> {
    text: &'a str,
    /// Byte offset of the next character.
    position: usize,
    stack: InlineStack,
    /// The bare links with their offsets, the last one first.
    autolinks: Vec<(usize, &'a str)>,
    /// The offsets of each pair of square brackets, the last opening one first.
    bracket_pairs: Vec<(usize, usize)>,
    /// At index `n`: no run of `n` backticks follows any more.
    unclosed: [bool; BACKTICKS_MAX],
}

struct InlineLink<'a> {
    label: &'a str,
    href: &'a str,
    /// Offset after the closing parenthesis.
    end: usize,
}

pub fn parse_inlines(text: &str) -> Vec<Inline> {
    let mut scanner = Scanner {
        text,
        position: 0,
        stack: InlineStack::default(),
        autolinks: find_autolinks(text),
        bracket_pairs: find_bracket_pairs(text),
        unclosed: [false; BACKTICKS_MAX],
    };
    while scanner.scan_next() {}
    scanner.stack.into_inlines()
}

fn find_autolinks(text: &str) -> Vec<(usize, &str)> {
    let (mut offset, mut links) = (0, Vec::new());
    for token in tokenize(text) {
        let (Token::Text(part) | Token::Link(part)) = token;
        links.extend(matches!(token, Token::Link(_)).then_some((offset, part)));
        offset += part.len();
    }
    links.reverse();
    links
}

fn find_bracket_pairs(text: &str) -> Vec<(usize, usize)> {
    let (mut open, mut pairs) = (Vec::new(), Vec::new());
    for (offset, c) in text.char_indices() {
        match c {
            '[' => open.push(offset),
            ']' => pairs.extend(open.pop().map(|start| (start, offset))),
            _ => {}
        }
    }
    pairs.sort_unstable_by(|a, b| b.cmp(a));
    pairs
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    /// False at the end of the text.
    fn scan_next(&mut self) -> bool {
        if let Some(link) = self.take_autolink() {
            self.stack.push(Inline::Autolink(link.to_owned()));
            self.position += link.len();
            return true;
        }
        match self.rest().chars().next() {
            None => return false,
            Some('\n') => {
                self.stack.push(Inline::Break);
                self.position += 1;
            }
            Some('\\') => self.scan_escape(),
            Some('`') => self.scan_code(),
            Some('[') => self.scan_link(),
            Some(delimiter @ ('*' | '_' | '~')) => self.scan_delimiters(delimiter),
            Some(_) => self.scan_text(),
        }
        true
    }

    /// Takes the bare link that begins at the current position.
    fn take_autolink(&mut self) -> Option<&'a str> {
        while self.autolinks.pop_if(|(start, _)| *start < self.position).is_some() {}
        self.autolinks.pop_if(|(start, _)| *start == self.position).map(|(_, link)| link)
    }

    /// Adds the next `length` bytes as literal text.
    fn push_literal(&mut self, length: usize) {
        self.stack.push_text(self.rest().get(..length).unwrap_or_default());
        self.position += length;
    }

    /// Adds the text up to the next special character or bare link.
    fn scan_text(&mut self) {
        let rest = self.rest();
        let special = rest.find(SPECIAL_CHARS).unwrap_or(rest.len());
        let link = self.autolinks.last().map_or(rest.len(), |(start, _)| start - self.position);
        self.push_literal(special.min(link));
    }

    /// A backslash before any other character is literal, as in Windows paths.
    fn scan_escape(&mut self) {
        if self.rest().chars().nth(1).is_some_and(|c| ESCAPABLE.contains(c)) {
            self.position += 1;
        }
        self.push_literal(1);
    }

    fn scan_code(&mut self) {
        let rest = self.rest();
        let ticks = run_length(rest, '`');
        let after = rest.get(ticks..).unwrap_or_default();
        let unclosed = self.unclosed.get_mut(ticks).filter(|unclosed| !**unclosed);
        let Some(unclosed) = unclosed else { return self.push_literal(ticks) };
        let Some(length) = find_backtick_run(after, ticks) else {
            *unclosed = true;
            return self.push_literal(ticks);
        };
        let code = after.get(..length).unwrap_or_default();
        // One space on both sides is removed: it separates a backtick in the code from the delimiters.
        let unpadded = code.strip_prefix(' ').and_then(|code| code.strip_suffix(' '));
        let code = unpadded.filter(|code| !code.trim().is_empty()).unwrap_or(code);
        self.stack.push(Inline::Code(code.to_owned()));
        self.position += ticks + length + ticks;
    }

    fn scan_link(&mut self) {
        let Some(InlineLink { label, href, end }) = self.parse_link() else { return self.push_literal(1) };
        self.stack.push(Inline::Link { href: href.to_owned(), label: parse_inlines(label) });
        self.position = end;
    }

    /// The link at the current position, if its target is allowed. Its label must not contain a link, which would show
    /// one target and lead to another.
    fn parse_link(&mut self) -> Option<InlineLink<'a>> {
        while self.bracket_pairs.pop_if(|(start, _)| *start < self.position).is_some() {}
        let (_, close) = self.bracket_pairs.pop_if(|(start, _)| *start == self.position)?;
        let label = self.text.get(self.position + 1..close)?;
        let tail = self.text.get(close + 1..)?.strip_prefix('(')?;
        let href = tail.get(..find_closing_parenthesis(tail)?)?;
        let has_link =
            label.contains('[') || tokenize(label).iter().any(|token| matches!(token, Token::Link(_)));
        let is_valid = !has_link && !label.trim().is_empty() && links::is_allowed_url(href);
        let end = close + "](".len() + href.len() + ")".len();
        is_valid.then_some(InlineLink { label, href, end })
    }

    fn scan_delimiters(&mut self, delimiter: char) {
        let length = run_length(self.rest(), delimiter);
        let before = self.text.get(..self.position).and_then(|text| text.chars().next_back());
        let after = self.rest().get(length..).and_then(|text| text.chars().next());
        let is_blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let is_punctuation = |c: Option<char>| c.is_some_and(|c| !c.is_alphanumeric() && !c.is_whitespace());
        let is_left_flanking =
            !is_blank(after) && (!is_punctuation(after) || is_blank(before) || is_punctuation(before));
        let is_right_flanking =
            !is_blank(before) && (!is_punctuation(before) || is_blank(after) || is_punctuation(after));
        let (can_open, can_close) = match delimiter {
            '_' => (
                is_left_flanking && (!is_right_flanking || is_punctuation(before)),
                is_right_flanking && (!is_left_flanking || is_punctuation(after)),
            ),
            // A single tilde means "about".
            '~' => (is_left_flanking && length == 2, is_right_flanking && length == 2),
            _ => (is_left_flanking, is_right_flanking),
        };
        self.stack.push_run(DelimiterRun { delimiter, remaining: length, length, can_open, can_close });
        self.position += length;
    }
}

/// How many of `delimiter` a text begins with.
fn run_length(text: &str, delimiter: char) -> usize {
    text.len() - text.trim_start_matches(delimiter).len()
}

/// The offset of the next run of exactly `ticks` backticks.
fn find_backtick_run(text: &str, ticks: usize) -> Option<usize> {
    let mut offset = 0;
    loop {
        offset += text.get(offset..)?.find('`')?;
        let length = run_length(text.get(offset..)?, '`');
        if length == ticks {
            return Some(offset);
        }
        offset += length;
    }
}

/// The offset of the parenthesis that closes the one before `text`.
fn find_closing_parenthesis(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    for (offset, c) in text.char_indices() {
        match c {
            '(' => open += 1,
            ')' if open == 1 => return Some(offset),
            ')' => open -= 1,
            c if c.is_whitespace() => return None,
            _ => {}
        }
    }
    None
}
