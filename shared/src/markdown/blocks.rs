//! From lines to blocks.

use super::{Block, DEEPEST, Item, inline};

/// The longest number of a list: whoever begins a line with a year does not count.
const DIGITS: usize = 3;
/// How much further in than its mark a line is that goes on with an item.
const INDENT: usize = 2;

const FENCE: &str = "```";

/// What a block was read from is followed by these.
type Rest<'l, 't> = &'l [&'t str];

/// Reads blocks that stand this deep in others.
pub fn read(lines: &[&str], depth: usize) -> Vec<Block> {
    let (mut blocks, mut rest) = (Vec::new(), lines);
    while let [line, after @ ..] = rest {
        if is_blank(line) {
            rest = after;
            continue;
        }
        let (block, after) = special(rest, depth).unwrap_or_else(|| paragraph(rest, depth));
        blocks.push(block);
        rest = after;
    }
    blocks
}

fn special<'l, 't>(lines: Rest<'l, 't>, depth: usize) -> Option<(Block, Rest<'l, 't>)> {
    if let Some(code) = code(lines) {
        return Some(code);
    }
    if depth < DEEPEST { quote(lines, depth).or_else(|| list(lines, depth)) } else { None }
}

/// Whether something other than a paragraph begins with a line.
fn is_special(line: &str, depth: usize) -> bool {
    language(line).is_some() || (depth < DEEPEST && (unquoted(line).is_some() || mark(line).is_some()))
}

fn paragraph<'l, 't>(lines: Rest<'l, 't>, depth: usize) -> (Block, Rest<'l, 't>) {
    let goes_on = |line: &&&str| !is_blank(line) && !is_special(line, depth);
    let more = lines.iter().skip(1).take_while(goes_on).count();
    let (paragraph, rest) = lines.split_at(lines.len().min(1 + more));
    (Block::Paragraph(inline::read(&paragraph.join("\n"))), rest)
}

/// Up to the closing fence, which may stand behind the last line, or else to the end.
fn code<'l, 't>(lines: Rest<'l, 't>) -> Option<(Block, Rest<'l, 't>)> {
    let (first, mut rest) = lines.split_first()?;
    let language = language(first)?;
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

/// What a fence says that its code is. One that is closed on its line is code within a text.
fn language(line: &str) -> Option<&str> {
    let language = line.trim().strip_prefix(FENCE)?.trim_start_matches('`');
    (!language.contains('`')).then(|| language.trim())
}

fn quote<'l, 't>(lines: Rest<'l, 't>, depth: usize) -> Option<(Block, Rest<'l, 't>)> {
    let quoted: Vec<&str> = lines.iter().map_while(|line| unquoted(line)).collect();
    let rest = lines.get(quoted.len()..)?;
    (!quoted.is_empty()).then(|| (Block::Quote(read(&quoted, depth + 1)), rest))
}

/// A face like `>:(` quotes nobody.
fn unquoted(line: &str) -> Option<&str> {
    let quoted = line.trim_start().strip_prefix('>')?;
    if quoted.is_empty() || quoted.starts_with('>') { Some(quoted) } else { quoted.strip_prefix(' ') }
}

/// The line with which an item begins.
struct Mark<'t> {
    /// Blanks before it.
    indent: usize,
    number: Option<u32>,
    text: &'t str,
}

fn mark(line: &str) -> Option<Mark<'_>> {
    let indent = indent(line);
    let body = line.get(indent..)?;
    let (mark, text) = body.split_once(' ')?;
    let number = match mark {
        "-" | "*" | "+" => None,
        _ => {
            let digits = mark.strip_suffix('.')?;
            let is_number = digits.len() <= DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
            Some(digits.parse().ok().filter(|_| is_number)?)
        }
    };
    (!is_blank(text)).then_some(Mark { indent, number, text })
}

fn list<'l, 't>(lines: Rest<'l, 't>, depth: usize) -> Option<(Block, Rest<'l, 't>)> {
    let (first, _) = lines.split_first()?;
    let Mark { indent, number, .. } = mark(first)?;
    let goes_on = |line: &str| is_blank(line) || self::indent(line) >= indent + INDENT;
    let (mut items, mut rest) = (Vec::new(), lines);
    while let [line, after @ ..] = rest
        && let Some(item) = mark(line)
        && item.number.is_some() == number.is_some()
    {
        let more = after.iter().take_while(|line| goes_on(line)).count();
        let (more, after) = after.split_at(more);
        let mut lines = vec![item.text];
        lines.extend(more.iter().map(|line| line.get(indent + INDENT..).unwrap_or_default()));
        items.push(Item { number: item.number, blocks: read(&lines, depth + 1) });
        rest = after;
    }
    Some((Block::List(items), rest))
}

/// How many blanks are before it.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}
