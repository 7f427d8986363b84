//! The markers that begin blocks.

use super::{DEPTH_MAX, steps};

/// The most digits of a list number: a line that begins with a year starts no list.
const LIST_NUMBER_DIGITS_MAX: usize = 3;

pub const FENCE: &str = "```";

/// Whether a line begins something other than a paragraph.
pub fn is_container_start(line: &str, depth: usize) -> bool {
    fence_language(line).is_some()
        || (depth < DEPTH_MAX && (strip_quote_marker(line).is_some() || parse_list_marker(line).is_some()))
}

/// The language after an opening fence. A fence that is closed on the same line is a code span instead.
pub fn fence_language(line: &str) -> Option<&str> {
    let language = skip_blanks(line).strip_prefix(FENCE)?.trim_start_matches('`').trim();
    steps::add(line.len() * 2);
    (!language.contains('`')).then_some(language)
}

/// The marker must be followed by a space or another marker, so that an emoticon such as `>:(` is not a quote.
pub fn strip_quote_marker(line: &str) -> Option<&str> {
    let quoted = skip_blanks(line).strip_prefix('>')?;
    if quoted.is_empty() || quoted.starts_with('>') { Some(quoted) } else { quoted.strip_prefix(' ') }
}

/// The first line of a list item.
pub struct ListMarker<'t> {
    /// Bytes of white space before the marker.
    pub indent: usize,
    pub number: Option<u32>,
    pub text: &'t str,
}

pub fn parse_list_marker(line: &str) -> Option<ListMarker<'_>> {
    let indent = indent_width(line);
    let body = line.get(indent..)?;
    let (marker, text) = body.split_once(' ').unwrap_or((body, ""));
    steps::add(marker.len());
    let number = match marker {
        "-" | "*" | "+" => None,
        _ => Some(parse_list_number(marker.strip_suffix('.')?)?),
    };
    (!is_blank(text)).then_some(ListMarker { indent, number, text })
}

/// A number that is shown as it is written: without a sign or leading zeros.
fn parse_list_number(digits: &str) -> Option<u32> {
    let number: u32 = digits.parse().ok()?;
    (digits.len() <= LIST_NUMBER_DIGITS_MAX && number.to_string() == digits).then_some(number)
}

pub fn indent_width(line: &str) -> usize {
    let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
    steps::add(indent + 1);
    indent
}

pub fn is_blank(line: &str) -> bool {
    skip_blanks(line).is_empty()
}

pub fn skip_blanks(line: &str) -> &str {
    let rest = line.trim_start();
    steps::add(line.len() - rest.len() + 1);
    rest
}
