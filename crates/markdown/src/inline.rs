//! Parses text into inlines.

use super::{
    Inline, NODES_MAX,
    emphasis::{DelimiterRun, InlineStack},
    links::{self, Token, tokenize},
    markers,
    mentions::parse_token,
    steps,
};

/// A run of this many backticks or more opens no code span.
const BACKTICKS_MAX: usize = 32;

/// In every bare link.
const SCHEME_END: &str = "://";

/// Characters that may be more than literal text.
const SPECIAL_CHARS: [char; 7] = ['\\', '`', '[', '*', '_', '~', '<'];

/// Characters that a backslash makes literal.
const ESCAPABLE: &str = "*_~`[]<>-+";

struct Scanner<'a> {
    text: &'a str,
    /// Byte offset of the next character.
    position: usize,
    stack: InlineStack<'a>,
    /// The bare links with their offsets, the last one first.
    autolinks: Vec<(usize, &'a str)>,
    /// Pairs of square brackets.
    brackets: Pairs,
    /// Pairs of parentheses around text without blanks.
    parentheses: Pairs,
    /// At index `n`: the offset of the last run of `n` backticks.
    last_backticks: [usize; BACKTICKS_MAX],
    /// `None` if a backslash is a character like others.
    escapes: Option<Escapes>,
}

/// The offsets of the backslashes that are not shown, the last one first.
type Escapes = Vec<usize>;

/// The offsets of opening characters and of those that close them, the last opening one first.
type Pairs = Vec<(usize, Option<usize>)>;

struct InlineLink<'a> {
    label: &'a str,
    href: &'a str,
    /// The offset of the closing square bracket.
    label_end: usize,
    /// The offset after the closing parenthesis.
    end: usize,
}

/// Parses up to more inlines than a message may have.
pub fn parse_inlines(text: &str) -> Vec<Inline> {
    steps::add(text.len() * 2);
    // Most messages.
    if !text.contains(SPECIAL_CHARS) && !text.contains(SCHEME_END) {
        return vec![Inline::Text(text.to_owned())];
    }
    let mut scanner = Scanner::new(text, Some(find_effective_escapes(text)));
    while scanner.stack.inline_count <= NODES_MAX && scanner.scan_next() {}
    scanner.stack.into_inlines()
}

/// The backslashes that prevent markup: without any backslash, the character after them would be markup. Others are
/// shown, as in `C:\new\*.txt`.
fn find_effective_escapes(text: &str) -> Escapes {
    let escapes: Vec<usize> = text.match_indices('\\').map(|(offset, _)| offset).collect();
    steps::add(text.len() * 2);
    let escapes: Vec<usize> = escapes.into_iter().filter(|offset| escaped_run(text, *offset) > 0).collect();
    if escapes.is_empty() {
        return escapes;
    }
    let plain = remove_bytes(text, &escapes);
    let mut scanner = Scanner::new(&plain, None);
    scanner.stack.marks = vec![false; plain.len()];
    while scanner.scan_next() {}
    let marks = scanner.stack.marks;
    let is_effective = |(index, offset): &(usize, usize)| {
        let (start, length) = (offset - index, escaped_run(text, *offset));
        let is_mark = marks.iter().skip(start).take(length).any(|is_mark| *is_mark);
        is_mark || is_block_start(&plain, start)
    };
    let effective = escapes.iter().copied().enumerate().filter(is_effective);
    let mut effective: Escapes = effective.map(|(_, offset)| offset).collect();
    effective.reverse();
    effective
}

/// How many characters the backslash at `offset` makes literal: a run of delimiters is escaped as a whole.
fn escaped_run(text: &str, offset: usize) -> usize {
    let after = text.get(offset + 1..).unwrap_or_default();
    match after.chars().next().filter(|c| ESCAPABLE.contains(*c)) {
        None => 0,
        Some('[') => 1,
        Some(c) => run_length(after, c),
    }
}

fn remove_bytes(text: &str, offsets: &[usize]) -> String {
    let (mut rest, mut start) = (String::with_capacity(text.len()), 0);
    for offset in offsets {
        rest.push_str(text.get(start..*offset).unwrap_or_default());
        start = offset + 1;
    }
    rest + text.get(start..).unwrap_or_default()
}

/// Whether a block starts at `offset`.
fn is_block_start(text: &str, offset: usize) -> bool {
    let (before, after) = text.split_at_checked(offset).unwrap_or_default();
    let line_start = before.trim_end_matches([' ', '\t']);
    steps::add(before.len() - line_start.len() + 1);
    if !line_start.is_empty() && !line_start.ends_with('\n') {
        return false;
    }
    let line = after.split('\n').next().unwrap_or_default();
    steps::add(line.len());
    markers::is_container_start(line, 0)
}

fn find_autolinks(text: &str) -> Vec<(usize, &str)> {
    let (mut offset, mut links) = (0, Vec::new());
    if !text.contains(SCHEME_END) {
        return links;
    }
    for token in tokenize(text) {
        let (Token::Text(part) | Token::Link(part)) = token;
        links.extend(matches!(token, Token::Link(_)).then_some((offset, part)));
        offset += part.len();
    }
    links.reverse();
    links
}

/// The pairs of `open` and `close` without a character for which `is_barrier` holds between them.
fn find_pairs(
    chars: impl Iterator<Item = (usize, char)>,
    [open, close]: [char; 2],
    is_barrier: impl Fn(char) -> bool,
) -> Pairs {
    let (mut pairs, mut unclosed): (Pairs, Vec<usize>) = (Vec::new(), Vec::new());
    for (offset, c) in chars {
        if c == open {
            unclosed.push(pairs.len());
            pairs.push((offset, None));
        } else if c == close {
            if let Some((_, end)) = unclosed.pop().and_then(|index| pairs.get_mut(index)) {
                *end = Some(offset);
            }
        } else if is_barrier(c) {
            unclosed.clear();
        }
    }
    pairs.reverse();
    pairs
}

/// Takes the end of the pair that starts at `offset`.
fn take_pair(pairs: &mut Pairs, offset: usize) -> Option<usize> {
    while pairs.pop_if(|(start, _)| *start < offset).is_some() {}
    pairs.pop_if(|(start, _)| *start == offset)?.1
}

fn find_last_backticks(text: &str) -> [usize; BACKTICKS_MAX] {
    steps::add(text.len());
    let (mut last, mut offset) = ([0; BACKTICKS_MAX], 0);
    while let Some(start) = text.get(offset..).and_then(|rest| rest.find('`')) {
        offset += start;
        let length = run_length(text.get(offset..).unwrap_or_default(), '`');
        if let Some(last) = last.get_mut(length) {
            *last = offset;
        }
        offset += length;
    }
    last
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, escapes: Option<Escapes>) -> Self {
        let is_escaped = |offset| escapes.is_some() && text.get(..offset).unwrap_or_default().ends_with('\\');
        // Without square brackets no pair is needed.
        let chars = if text.contains('[') { text } else { "" }.char_indices();
        let unescaped = chars.clone().filter(|(offset, _)| !is_escaped(*offset));
        steps::add(text.len() * 4);
        Self {
            text,
            position: 0,
            stack: InlineStack::new(text),
            autolinks: find_autolinks(text),
            brackets: find_pairs(unescaped, ['[', ']'], |_| false),
            parentheses: find_pairs(chars, ['(', ')'], links::is_blank_or_control),
            last_backticks: find_last_backticks(text),
            escapes,
        }
    }

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
            Some('\\') => self.scan_escape(),
            Some('`') => self.scan_code(),
            Some('[') => self.scan_link(),
            Some('<') => self.scan_mention(),
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
        let start = self.position;
        self.position += length;
        self.stack.push_text(start..self.position);
    }

    /// Adds the text up to the next special character or bare link.
    fn scan_text(&mut self) {
        let link = self.autolinks.last().map_or(self.text.len(), |(start, _)| *start);
        let text = self.text.get(self.position..link).unwrap_or_default();
        let length = text.find(SPECIAL_CHARS).unwrap_or(text.len());
        steps::add(length);
        self.push_literal(length);
    }

    /// A backslash before any other character is literal, as in Windows paths.
    fn scan_escape(&mut self) {
        let Some(escapes) = &mut self.escapes else { return self.push_literal(1) };
        while escapes.pop_if(|offset| *offset < self.position).is_some() {}
        let is_effective = escapes.pop_if(|offset| *offset == self.position).is_some();
        let length = escaped_run(self.text, self.position);
        self.position += usize::from(is_effective);
        self.push_literal(length + usize::from(!is_effective));
    }

    fn scan_code(&mut self) {
        let rest = self.rest();
        let ticks = run_length(rest, '`');
        let after = rest.get(ticks..).unwrap_or_default();
        let is_closed = self.last_backticks.get(ticks).is_some_and(|last| *last >= self.position + ticks);
        let Some(length) = is_closed.then(|| find_backtick_run(after, ticks)).flatten() else {
            return self.push_literal(ticks);
        };
        let code = after.get(..length).unwrap_or_default();
        // One space on both sides is removed: it separates a backtick in the code from the delimiters.
        let unpadded = code.strip_prefix(' ').and_then(|code| code.strip_suffix(' '));
        let code = unpadded.filter(|code| !code.trim().is_empty()).unwrap_or(code);
        steps::add(code.len() * 2);
        self.stack.push(Inline::Code(code.to_owned()));
        self.stack.mark(self.position, ticks);
        self.stack.mark(self.position + ticks + length, ticks);
        self.position += ticks + length + ticks;
    }

    fn scan_link(&mut self) {
        let Some(link) = self.parse_link() else { return self.push_literal(1) };
        self.stack.mark(self.position, 1);
        self.stack.mark(link.label_end, 1);
        // Only the marks are of interest without escapes.
        let label = if self.escapes.is_some() { parse_inlines(link.label) } else { Vec::new() };
        self.stack.push(Inline::Link { href: link.href.to_owned(), label });
        self.position = link.end;
    }

    fn scan_mention(&mut self) {
        let Some((id, length)) = parse_token(self.rest()) else { return self.push_literal(1) };
        self.stack.mark(self.position, 1);
        self.stack.push(Inline::Mention(id));
        self.position += length;
    }

    /// The link at the current position, if its target is allowed. Its label must not contain a link, which would show
    /// one target and lead to another.
    fn parse_link(&mut self) -> Option<InlineLink<'a>> {
        let label_end = take_pair(&mut self.brackets, self.position)?;
        let label = self.text.get(self.position + 1..label_end)?;
        if self.brackets.last().is_some_and(|(next, _)| *next < label_end) {
            return None;
        }
        // The labels without further brackets end in the order in which they start, as the parentheses after them do.
        let href_end = take_pair(&mut self.parentheses, label_end + 1)?;
        let href = self.text.get(label_end + "](".len()..href_end)?;
        let has_link = || tokenize(label).iter().any(|token| matches!(token, Token::Link(_)));
        let is_valid = !label.trim().is_empty() && links::is_allowed_url(href) && !has_link();
        is_valid.then_some(InlineLink { label, href, label_end, end: href_end + 1 })
    }

    fn scan_delimiters(&mut self, delimiter: char) {
        let length = run_length(self.rest(), delimiter);
        let before = self.text.get(..self.position).unwrap_or_default();
        let after = self.rest().get(length..).unwrap_or_default();
        let (can_open, can_close) = Surroundings::new(before, after).roles(delimiter, length);
        self.stack.push_run(DelimiterRun {
            delimiter,
            start: self.position,
            remaining: length,
            length,
            can_open,
            can_close,
        });
        self.position += length;
    }
}

/// The characters around a run of delimiters, and those beyond them.
struct Surroundings {
    before: Option<char>,
    after: Option<char>,
    beyond_before: Option<char>,
    beyond_after: Option<char>,
}

impl Surroundings {
    fn new(before: &str, after: &str) -> Self {
        let (mut before, mut after) = (before.chars().rev(), after.chars());
        Self {
            before: before.next(),
            after: after.next(),
            beyond_before: before.next(),
            beyond_after: after.next(),
        }
    }

    /// Whether the run can open and whether it can close emphasis. As in `CommonMark`, except that delimiters inside
    /// words, names, paths and wildcards are literal: `5*3*2`, `__init__.py`, `src/**/*.rs`.
    fn roles(&self, delimiter: char, length: usize) -> (bool, bool) {
        let Self { before, after, .. } = *self;
        let is_left_flanking = !is_blank_or_edge(after)
            && (!is_punctuation(after) || is_blank_or_edge(before) || is_punctuation(before));
        let is_right_flanking = !is_blank_or_edge(before)
            && (!is_punctuation(before) || is_blank_or_edge(after) || is_punctuation(after));
        if delimiter == '_' {
            let can_open = !is_right_flanking || is_punctuation(before);
            let can_close = !is_left_flanking || is_punctuation(after);
            return (
                is_left_flanking && can_open && !self.continues_name(),
                is_right_flanking && can_close && !self.is_continued_by_name(),
            );
        }
        // A single tilde means "about".
        let is_delimiter = delimiter == '*' || length == 2;
        let is_literal = !is_delimiter || (is_letter(before) && is_letter(after));
        let is_wildcard = before.is_some_and(|c| NAME_JOINERS.contains(c)) && is_punctuation(after);
        (is_left_flanking && !is_literal && !is_wildcard, is_right_flanking && !is_literal)
    }

    /// As in `obj.__dict__`, `src/__tests__/` and `print(__name__)`.
    fn continues_name(&self) -> bool {
        let is_name = self.beyond_before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ')'));
        is_name && self.before.is_some_and(|c| NAME_JOINERS.contains(c))
    }

    /// As in `__init__.py` and `__init__(self)`.
    fn is_continued_by_name(&self) -> bool {
        let is_name = self.beyond_after.is_some_and(|c| c.is_alphanumeric() || c == '_');
        self.after == Some('(') || is_name && self.after.is_some_and(|c| NAME_JOINERS.contains(c))
    }
}

/// Punctuation within file names, paths and expressions.
const NAME_JOINERS: &str = r"./\:=(";

/// No character is the edge of the text.
fn is_blank_or_edge(c: Option<char>) -> bool {
    c.is_none_or(char::is_whitespace)
}

/// ASCII punctuation, and that of other languages by its blocks: the Unicode categories would weigh more. Other symbols
/// count as letters, as in `CommonMark` before 0.31, for which `¯_(ツ)_/¯` has no emphasis.
fn is_punctuation(c: Option<char>) -> bool {
    c.is_some_and(|c| {
        c.is_ascii_punctuation()
            || matches!(c, '¡' | '§' | '«' | '¶' | '·' | '»' | '¿')
            || matches!(c, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}')
            || matches!(c, '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}' | '\u{ff01}'..='\u{ff0f}')
            || matches!(c, '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}')
    })
}

/// A letter or digit of a script that has spaces between its words. In others, such as Chinese, emphasis begins and ends
/// between letters.
fn is_letter(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric() && c < '\u{e00}')
}

/// How many of `delimiter` a text begins with.
fn run_length(text: &str, delimiter: char) -> usize {
    let length = text.len() - text.trim_start_matches(delimiter).len();
    steps::add(length + 1);
    length
}

/// The offset of the next run of exactly `ticks` backticks.
fn find_backtick_run(text: &str, ticks: usize) -> Option<usize> {
    let mut offset = 0;
    loop {
        offset += text.get(offset..)?.find('`')?;
        let length = run_length(text.get(offset..)?, '`');
        if length == ticks {
            steps::add(offset);
            return Some(offset);
        }
        offset += length;
    }
}
