//! Parses lines into blocks.

use super::{
    Block, ListItem, MAX_DEPTH, MAX_NODES, inline,
    markers::{
        FENCE, ListMarker, fence_language, indent_width, is_blank, is_container_start, parse_list_marker,
        strip_quote_marker,
    },
    steps,
};

/// How much further than its marker a line must be indented to continue a list item.
const LIST_INDENT: usize = 2;

/// The lines that are left to parse.
type Lines<'l, 't> = &'l [&'t str];

/// Parses the lines of blocks that are nested `depth` deep, up to more of them than a message may have.
pub fn parse_blocks(lines: &[&str], depth: usize) -> Vec<Block> {
    let (mut blocks, mut rest) = (Vec::new(), lines);
    while let [line, after @ ..] = rest
        && blocks.len() <= MAX_NODES
    {
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

fn parse_paragraph<'l, 't>(lines: Lines<'l, 't>, depth: usize) -> (Block, Lines<'l, 't>) {
    let continues = |line: &&&str| !is_blank(line) && !is_container_start(line, depth);
    let more = lines.iter().skip(1).take_while(continues).count();
    let (paragraph, rest) = lines.split_at(lines.len().min(1 + more));
    let text = paragraph.join("\n");
    steps::add(text.len());
    (Block::Paragraph(inline::parse_inlines(&text)), rest)
}

/// Parses up to the closing fence, which may stand at the end of the last line, or to the end of the lines.
fn parse_fenced_code<'l, 't>(lines: Lines<'l, 't>) -> Option<(Block, Lines<'l, 't>)> {
    let (first, mut rest) = lines.split_first()?;
    let language = fence_language(first)?;
    let mut code: Vec<&str> = Vec::new();
    while let [line, after @ ..] = rest {
        rest = after;
        steps::add(line.len() * 2 + 1);
        if let Some(last) = line.trim_end().strip_suffix(FENCE) {
            let last = last.trim_end_matches('`');
            code.extend((!is_blank(last)).then_some(last));
            break;
        }
        code.push(line);
    }
    Some((Block::Code { language: language.to_owned(), text: code.join("\n") }, rest))
}

fn parse_quote<'l, 't>(lines: Lines<'l, 't>, depth: usize) -> Option<(Block, Lines<'l, 't>)> {
    let quoted: Vec<&str> = lines.iter().map_while(|line| strip_quote_marker(line)).collect();
    let rest = lines.get(quoted.len()..)?;
    (!quoted.is_empty()).then(|| (Block::Quote(parse_blocks(&quoted, depth + 1)), rest))
}

fn parse_list<'l, 't>(lines: Lines<'l, 't>, depth: usize) -> Option<(Block, Lines<'l, 't>)> {
    let (first, _) = lines.split_first()?;
    let ListMarker { indent, number, .. } = parse_list_marker(first)?;
    let continues = |line: &str| is_blank(line) || indent_width(line) >= indent + LIST_INDENT;
    let (mut items, mut rest) = (Vec::new(), lines);
    while let [line, after @ ..] = rest
        && let Some(item) = parse_list_marker(line)
        && item.number.is_some() == number.is_some()
        && items.len() <= MAX_NODES
    {
        let more = after.iter().take_while(|line| continues(line)).count();
        steps::add(more + 1);
        let (more, after) = after.split_at(more);
        let mut lines = vec![item.text];
        lines.extend(more.iter().map(|line| line.get(indent + LIST_INDENT..).unwrap_or_default()));
        items.push(ListItem { number: item.number, blocks: parse_blocks(&lines, depth + 1) });
        rest = after;
    }
    Some((Block::List(items), rest))
}
