//! Parses lines into blocks.

use super::{
    Block, DEPTH_MAX, Inline, ListItem, NODES_MAX, inline,
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

/// A figure, its caption, and the block that scrolls, with the code and the texts.
const CODE_NODES: usize = 6;

/// Parses lines until their blocks have more than [`NODES_MAX`] nodes.
#[derive(Default)]
struct BlockParser {
    /// The elements and texts that a client creates for the blocks so far.
    nodes: usize,
}

/// `None` if a client would create more than [`NODES_MAX`] nodes.
pub fn parse_blocks(lines: Lines) -> Option<Vec<Block>> {
    let mut parser = BlockParser::default();
    let blocks = parser.parse_blocks(lines, 0);
    (parser.nodes <= NODES_MAX).then_some(blocks)
}

impl BlockParser {
    /// Parses blocks that are nested `depth` deep.
    fn parse_blocks(&mut self, lines: Lines, depth: usize) -> Vec<Block> {
        let (mut blocks, mut rest) = (Vec::new(), lines);
        while let [line, after @ ..] = rest
            && self.nodes <= NODES_MAX
        {
            if is_blank(line) {
                rest = after;
                continue;
            }
            let container = self.parse_container(rest, depth);
            let (block, after) = container.unwrap_or_else(|| self.parse_paragraph(rest, depth));
            blocks.push(block);
            rest = after;
        }
        blocks
    }

    /// Parses a code block, quote or list, if the lines begin with one.
    fn parse_container<'l, 't>(
        &mut self,
        lines: Lines<'l, 't>,
        depth: usize,
    ) -> Option<(Block, Lines<'l, 't>)> {
        if let Some(code) = parse_fenced_code(lines) {
            self.nodes += CODE_NODES;
            return Some(code);
        }
        if depth == DEPTH_MAX {
            return None;
        }
        self.parse_quote(lines, depth).or_else(|| self.parse_list(lines, depth))
    }

    fn parse_paragraph<'l, 't>(&mut self, lines: Lines<'l, 't>, depth: usize) -> (Block, Lines<'l, 't>) {
        let continues = |line: &&&str| !is_blank(line) && !is_container_start(line, depth);
        let more = lines.iter().skip(1).take_while(continues).count();
        let (paragraph, rest) = lines.split_at(lines.len().min(1 + more));
        let text = paragraph.join("\n");
        steps::add(text.len());
        let inlines = inline::parse_inlines(&text);
        self.nodes += 1 + Inline::count_nodes(&inlines);
        (Block::Paragraph(inlines), rest)
    }

    fn parse_quote<'l, 't>(&mut self, lines: Lines<'l, 't>, depth: usize) -> Option<(Block, Lines<'l, 't>)> {
        let quoted: Vec<&str> = lines.iter().map_while(|line| strip_quote_marker(line)).collect();
        let rest = lines.get(quoted.len()..)?;
        (!quoted.is_empty()).then(|| {
            self.nodes += 1;
            (Block::Quote(self.parse_blocks(&quoted, depth + 1)), rest)
        })
    }

    fn parse_list<'l, 't>(&mut self, lines: Lines<'l, 't>, depth: usize) -> Option<(Block, Lines<'l, 't>)> {
        let (first, _) = lines.split_first()?;
        let ListMarker { indent, number, .. } = parse_list_marker(first)?;
        let continues = |line: &str| is_blank(line) || indent_width(line) >= indent + LIST_INDENT;
        self.nodes += 1;
        let (mut items, mut rest) = (Vec::new(), lines);
        while let [line, after @ ..] = rest
            && let Some(item) = parse_list_marker(line)
            && item.number.is_some() == number.is_some()
            && self.nodes <= NODES_MAX
        {
            self.nodes += 1;
            let more = after.iter().take_while(|line| continues(line)).count();
            steps::add(more + 1);
            let (more, after) = after.split_at(more);
            let mut lines = vec![item.text];
            lines.extend(more.iter().map(|line| line.get(indent + LIST_INDENT..).unwrap_or_default()));
            items.push(ListItem { number: item.number, blocks: self.parse_blocks(&lines, depth + 1) });
            rest = after;
        }
        Some((Block::List(items), rest))
    }
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
