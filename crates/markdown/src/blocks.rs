//! Parses lines into blocks.

use super::{Block, ListItem, MAX_DEPTH, inline};

/// The most digits of a list number: a line that begins with a year starts no list.
const LIST_NUMBER_DIGITS_MAX: usize = 3;
/// How much further than its marker a line must be indented to continue a list item.
const LIST_INDENT: usize = 2;

const FENCE: &str = "```";

/// The lines that are left to parse.
type Lines<'l, 't> = &'l [&'t str];

/// Parses the lines of blocks that are nested `depth` deep.
pub fn parse_blocks(lines: &[&str], depth: usize) -> Vec<Block> {
    let (mut blocks, mut rest) = (Vec::new(), lines);
    while let [line, after @ ..] = rest {
        if is_blank(line) {
            rest = after;
            continue;
        }
        let (block, after) = parse_container(rest, depth).unwrap_or_else(|| parse_paragraph(rest, depth));
        blocks.push(block);
        rest = after;
    }
    blocks
}

/// Parses a code block, quote or list, if the lines begin with one.
fn parse_container<'l, 't>(lines: Lines<'l, 't>, depth: usize) -> Option<(Block, Lines<'l, 't>)> {
    if let Some(code) = parse_fenced_code(lines) {
        return Some(code);
    }
    if depth < MAX_DEPTH { parse_quote(lines, depth).or_else(|| parse_list(lines, depth)) } else { None }
}

/// Whether a line begins something other than a paragraph.
fn is_container_start(line: &str, depth: usize) -> bool {
    fence_language(line).is_some()
        || (depth < MAX_DEPTH && (strip_quote_marker(line).is_some() || parse_list_marker(line).is_some()))
}

fn parse_paragraph<'l, 't>(lines: Lines<'l, 't>, depth: usize) -> (Block, Lines<'l, 't>) {
    let continues = |line: &&&str| !is_blank(line) && !is_container_start(line, depth);
    let more = lines.iter().skip(1).take_while(continues).count();
    let (paragraph, rest) = lines.split_at(lines.len().min(1 + more));
    (Block::Paragraph(inline::parse_inlines(&paragraph.join("\n"))), rest)
}

/// Parses up to the closing fence, which may stand at the end of the last line, or to the end of the lines.
fn parse_fenced_code<'l, 't>(lines: Lines<'l, 't>) -> Option<(Block, Lines<'l, 't>)> {
    let (first, mut rest) = lines.split_first()?;
    let language = fence_language(first)?;
    let mut code: Vec<&str> = Vec::new();
    while let [line, after @ ..] = rest {
        rest = after;
        if let Some(last) = line.trim_end().strip_suffix(FENCE) {
            let last = last.trim_end_matches('`');
            code.extend((!is_blank(last)).then_some(last));
            break;
        }
        code.push(line);
    }
    Some((Block::Code { language: language.to_owned(), text: code.join("\n") }, rest))
}

/// The language after an opening fence. A fence that is closed on the same line is a code span instead.
fn fence_language(line: &str) -> Option<&str> {
    let language = line.trim().strip_prefix(FENCE)?.trim_start_matches('`');
    (!language.contains('`')).then(|| language.trim())
}

fn parse_quote<'l, 't>(lines: Lines<'l, 't>, depth: usize) -> Option<(Block, Lines<'l, 't>)> {
    let quoted: Vec<&str> = lines.iter().map_while(|line| strip_quote_marker(line)).collect();
    let rest = lines.get(quoted.len()..)?;
    (!quoted.is_empty()).then(|| (Block::Quote(parse_blocks(&quoted, depth + 1)), rest))
}

/// The marker must be followed by a space or another marker, so that an emoticon such as `>:(` is not a quote.
fn strip_quote_marker(line: &str) -> Option<&str> {
    let quoted = line.trim_start().strip_prefix('>')?;
    if quoted.is_empty() || quoted.starts_with('>') { Some(quoted) } else { quoted.strip_prefix(' ') }
}

/// The first line of a list item.
struct ListMarker<'t> {
    /// Bytes of white space before the marker.
    indent: usize,
    number: Option<u32>,
    text: &'t str,
}

fn parse_list_marker(line: &str) -> Option<ListMarker<'_>> {
    let indent = indent_width(line);
    let body = line.get(indent..)?;
    let (marker, text) = body.split_once(' ')?;
    let number = match marker {
        "-" | "*" | "+" => None,
        _ => {
            let digits = marker.strip_suffix('.')?;
            let is_number =
                digits.len() <= LIST_NUMBER_DIGITS_MAX && digits.bytes().all(|byte| byte.is_ascii_digit());
            Some(digits.parse().ok().filter(|_| is_number)?)
        }
    };
    (!is_blank(text)).then_some(ListMarker { indent, number, text })
}

fn parse_list<'l, 't>(lines: Lines<'l, 't>, depth: usize) -> Option<(Block, Lines<'l, 't>)> {
    let (first, _) = lines.split_first()?;
    let ListMarker { indent, number, .. } = parse_list_marker(first)?;
    let continues = |line: &str| is_blank(line) || indent_width(line) >= indent + LIST_INDENT;
    let (mut items, mut rest) = (Vec::new(), lines);
    while let [line, after @ ..] = rest
        && let Some(item) = parse_list_marker(line)
        && item.number.is_some() == number.is_some()
    {
        let more = after.iter().take_while(|line| continues(line)).count();
        let (more, after) = after.split_at(more);
        let mut lines = vec![item.text];
        lines.extend(more.iter().map(|line| line.get(indent + LIST_INDENT..).unwrap_or_default()));
        items.push(ListItem { number: item.number, blocks: parse_blocks(&lines, depth + 1) });
        rest = after;
    }
    Some((Block::List(items), rest))
}

fn indent_width(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}
