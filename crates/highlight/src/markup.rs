//! The lexer of HTML and XML.

use super::{CodeToken, TokenKind};

/// What a fence may name them.
pub const NAMES: [&str; 6] = ["html", "xml", "svg", "vue", "xhtml", "htm"];

/// Splits the code into tokens: comments, the names of tags and attributes, and the values of attributes.
pub fn tokenize(code: &str) -> Vec<CodeToken> {
    let (mut tokens, mut position) = (Vec::new(), 0);
    while let Some(start) = code.get(position..).and_then(|rest| rest.find('<')) {
        position += start;
        position = if let Some(comment) = code.get(position..).filter(|rest| rest.starts_with("<!--")) {
            let end = position + comment.find("-->").map_or(comment.len(), |end| end + "-->".len());
            tokens.push(CodeToken { kind: TokenKind::Comment, range: position..end });
            end
        } else {
            tokenize_tag(code, position, &mut tokens)
        };
    }
    tokens
}

/// Returns where the tag ends.
fn tokenize_tag(code: &str, start: usize, tokens: &mut Vec<CodeToken>) -> usize {
    let mut position = start + 1;
    let mut is_name = true;
    while let Some(c) = code.get(position..).and_then(|rest| rest.chars().next()) {
        let rest = code.get(position..).unwrap_or_default();
        let length = match c {
            '>' => return position + 1,
            '<' => return position,
            '"' | '\'' => {
                let inner = rest.get(1..).unwrap_or_default();
                let length = inner.find(c).map_or(rest.len(), |end| end + 2);
                tokens.push(CodeToken { kind: TokenKind::String, range: position..position + length });
                length
            }
            _ if is_name_char(c) => {
                let length = rest.find(|c| !is_name_char(c)).unwrap_or(rest.len());
                let kind = if is_name { TokenKind::Keyword } else { TokenKind::Name };
                tokens.push(CodeToken { kind, range: position..position + length });
                is_name = false;
                length
            }
            // `a < b` is no tag.
            _ if is_name && !matches!(c, '/' | '!' | '?') => return position,
            _ => c.len_utf8(),
        };
        position += length;
    }
    position
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | ':' | '.' | '@')
}
