//! The lexer of all languages but markup.

use super::{
    CodeToken, TokenKind,
    languages::{Language, StringRule},
};

/// Splits the code into tokens.
pub fn tokenize(language: &Language, code: &str) -> Vec<CodeToken> {
    let mut lexer = Lexer { language, code, position: 0, tokens: Vec::new() };
    while lexer.position < code.len() {
        lexer.step();
    }
    lexer.tokens
}

struct Lexer<'a> {
    language: &'a Language,
    code: &'a str,
    position: usize,
    tokens: Vec<CodeToken>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.code.get(self.position..).unwrap_or_default()
    }

    fn before(&self) -> &'a str {
        self.code.get(..self.position).unwrap_or_default()
    }

    /// Whether only blanks stand before the current position in its line.
    fn is_line_start(&self) -> bool {
        let line = self.before().rsplit('\n').next().unwrap_or_default();
        line.chars().all(char::is_whitespace)
    }

    fn step(&mut self) {
        let token = self
            .take_diff_line()
            .or_else(|| self.take_comment())
            .or_else(|| self.take_string())
            .or_else(|| self.take_marked_word())
            .or_else(|| self.take_number())
            .or_else(|| self.take_word());
        match token {
            Some((kind, length)) => {
                let range = self.position..self.position + length;
                self.position = range.end;
                self.tokens.extend(kind.map(|kind| CodeToken { kind, range }));
            }
            None => self.position += self.rest().chars().next().map_or(1, char::len_utf8),
        }
    }

    fn take_diff_line(&self) -> Option<(Option<TokenKind>, usize)> {
        if !self.language.is_diff {
            return None;
        }
        let line = self.rest().split('\n').next()?;
        let kind = match line.chars().next()? {
            '+' => TokenKind::String,
            '-' => TokenKind::Name,
            '@' => TokenKind::Keyword,
            _ => return Some((None, line.len())),
        };
        Some((Some(kind), line.len()))
    }

    fn take_comment(&self) -> Option<(Option<TokenKind>, usize)> {
        let rest = self.rest();
        if let Some((open, close)) =
            self.language.block_comments.iter().find(|(open, _)| rest.starts_with(open))
        {
            return Some((Some(TokenKind::Comment), block_comment_length(rest, open, close, self.language)));
        }
        // In a shell `$#` and `a#b` begin no comment.
        let is_allowed =
            |marker: &str| marker != "#" || self.before().chars().next_back().is_none_or(char::is_whitespace);
        let is_comment =
            self.language.line_comments.iter().any(|marker| rest.starts_with(marker) && is_allowed(marker));
        is_comment.then(|| (Some(TokenKind::Comment), rest.split('\n').next().unwrap_or_default().len()))
    }

    fn take_string(&self) -> Option<(Option<TokenKind>, usize)> {
        let rest = self.rest();
        let rule = self.language.strings.iter().find(|rule| rest.starts_with(rule.open))?;
        let length = string_length(rest, rule)?;
        let is_key = self.language.has_string_keys && rest.get(length..)?.trim_start().starts_with(':');
        Some((Some(if is_key { TokenKind::Name } else { TokenKind::String }), length))
    }

    /// Takes a directive, an attribute or a variable, by the character before it.
    fn take_marked_word(&self) -> Option<(Option<TokenKind>, usize)> {
        let mut chars = self.rest().chars();
        let first = chars.next()?;
        let (_, kind) = self.language.sigils.iter().find(|(sigil, _)| *sigil == first)?;
        if first == '#' && !self.is_line_start() {
            return None;
        }
        let word = self.word_length(chars.as_str());
        (word > 0).then_some((Some(*kind), 1 + word))
    }

    fn take_number(&self) -> Option<(Option<TokenKind>, usize)> {
        let rest = self.rest();
        rest.starts_with(|c: char| c.is_ascii_digit()).then(|| (Some(TokenKind::Number), number_length(rest)))
    }

    fn take_word(&self) -> Option<(Option<TokenKind>, usize)> {
        let length = self.word_length(self.rest());
        let word = self.rest().get(..length).filter(|word| !word.is_empty())?;
        let after = self.rest().get(length..).unwrap_or_default();
        let is_key = self.language.key_end.is_some_and(|end| after.trim_start_matches(' ').starts_with(end));
        let kind = if is_key && self.is_line_start_of_key() {
            Some(TokenKind::Name)
        } else {
            self.language.classify(word)
        };
        Some((kind, length))
    }

    /// Keys stand at the start of a line, or after what begins a list item or a declaration.
    fn is_line_start_of_key(&self) -> bool {
        let line = self.before().rsplit('\n').next().unwrap_or_default();
        line.trim_end().is_empty() || line.trim_end().ends_with(['-', '{', ';', '.', '"'])
    }

    fn word_length(&self, text: &str) -> usize {
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || self.language.word_chars.contains(c);
        let is_start = |c: char| is_part(c) && !c.is_ascii_digit() && c != '-';
        let length = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
        if text.starts_with(is_start) { length } else { 0 }
    }
}

/// To the end of the code if the comment is not closed.
fn block_comment_length(text: &str, open: &str, close: &str, language: &Language) -> usize {
    let (mut position, mut depth) = (open.len(), 1);
    while depth > 0 {
        let Some(rest) = text.get(position..) else { return text.len() };
        let Some(end) = rest.find(close) else { return text.len() };
        let inner = rest.find(open).filter(|start| language.has_nested_comments && *start < end);
        (position, depth) = match inner {
            Some(start) => (position + start + open.len(), depth + 1),
            None => (position + end + close.len(), depth - 1),
        };
    }
    position
}

/// `None` if the string must be closed on its line and is not, so that an apostrophe colours nothing.
fn string_length(text: &str, rule: &StringRule) -> Option<usize> {
    let mut position = rule.open.len();
    loop {
        let rest = text.get(position..)?;
        if rest.starts_with(rule.close) {
            let length = position + rule.close.len();
            return (!rule.is_char || is_char_literal(text.get(rule.open.len()..position)?))
                .then_some(length);
        }
        let mut chars = rest.chars();
        match chars.next() {
            None => return rule.is_multiline.then_some(text.len()),
            Some('\n') if !rule.is_multiline => return None,
            Some('\\') if rule.has_escapes => {
                position += 1 + chars.next().map_or(0, char::len_utf8);
            }
            Some(c) => position += c.len_utf8(),
        }
    }
}

/// Else it is a lifetime of Rust.
fn is_char_literal(content: &str) -> bool {
    content.starts_with('\\') || content.chars().count() == 1
}

/// With suffixes, separators and exponents; a range such as `0..9` is two numbers.
fn number_length(text: &str) -> usize {
    let mut previous = ' ';
    let mut chars = text.char_indices().peekable();
    while let Some((index, c)) = chars.next() {
        let next = chars.peek().map_or(' ', |(_, next)| *next);
        let is_exponent = matches!(c, '+' | '-') && matches!(previous, 'e' | 'E') && !text.starts_with("0x");
        let is_point = c == '.' && next.is_ascii_digit();
        if !(c.is_ascii_alphanumeric() || c == '_' || is_point || is_exponent && next.is_ascii_digit()) {
            return index;
        }
        previous = c;
    }
    text.len()
}
