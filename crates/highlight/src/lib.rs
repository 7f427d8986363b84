//! Finds the comments, strings, numbers, keywords and types of a code block, in the languages that are posted most.
//!
//! One lexer with a table for each language. It knows no grammar, which is enough for colours: a complete highlighter
//! (syntect with its syntaxes) weighs more than the whole client.

#![forbid(unsafe_code)]

mod languages;
mod lexer;
mod markup;
#[cfg(test)]
mod tests;

use std::ops::Range;

/// What a part of the code is. Everything else is plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    Comment,
    String,
    Number,
    Keyword,
    /// A type, an attribute or a key.
    Name,
}

/// A part of the code, by its byte offsets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeToken {
    pub kind: TokenKind,
    pub range: Range<usize>,
}

/// The tokens in their order. `language` is the info string of a fence: its first word counts. `None` if the language is
/// not known.
pub fn tokenize(language: &str, code: &str) -> Option<Vec<CodeToken>> {
    let name =
        language.split(|c: char| c.is_whitespace() || matches!(c, ',' | '{')).next()?.to_ascii_lowercase();
    if markup::NAMES.contains(&name.as_str()) {
        return Some(markup::tokenize(code));
    }
    Some(lexer::tokenize(languages::find(&name)?, code))
}
