//! Parses chat messages as a subset of Markdown: `CommonMark` emphasis, code, quotes, lists and links, plus
//! strikethrough and bare links.
//!
//! Everything else (headings, images, HTML, links with a scheme other than http, https or mailto) stays literal text.
//! Line breaks are kept, and list numbers stay as written.
//!
//! This is a parser of our own because of its size in the client: a complete one (pulldown-cmark 0.13) adds 59 KB
//! compressed, this one 9 KB.

#![forbid(unsafe_code)]

mod blocks;
mod emphasis;
mod inline;
pub mod links;
mod markers;
pub mod mentions;
#[cfg(test)]
mod slowest_inputs;
mod steps;
#[cfg(test)]
mod tests;

use self::{
    links::{Token, tokenize},
    mentions::NameOf,
};

/// The greatest depth of nested quotes and lists, and of nested emphasis. Anything deeper is literal text.
const DEPTH_MAX: usize = 8;
/// A message that needs more elements and texts than this in a client is shown as literal text.
const NODES_MAX: usize = 250;

/// A block-level element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    Paragraph(Vec<Inline>),
    Quote(Vec<Block>),
    /// A numbered or a bullet list.
    List(Vec<ListItem>),
    /// A fenced code block.
    Code {
        /// The info string after the opening fence; empty if there is none.
        language: String,
        /// The code without its last line break.
        text: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListItem {
    /// The number as written; none in a bullet list.
    pub number: Option<u32>,
    pub blocks: Vec<Block>,
}

/// An element within a line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// May contain line breaks.
    Text(String),
    /// A code span.
    Code(String),
    /// `**text**` or `__text__`
    Strong(Vec<Inline>),
    /// `*text*` or `_text_`
    Emphasis(Vec<Inline>),
    /// `~~text~~`
    Strike(Vec<Inline>),
    /// A bare http or https link; the text is also its target.
    Autolink(String),
    /// `<@42>`: the id of a user, or [`mentions::HERE`].
    Mention(i64),
    /// `[label](href)`
    Link {
        /// The target, which [`links::is_allowed_url`] accepts.
        href: String,
        /// Contains no links.
        label: Vec<Inline>,
    },
}

/// Parses a message. A message that would have no visible text, or too many nodes, is returned as literal text.
pub fn parse(message: &str) -> Vec<Block> {
    steps::add(message.len());
    let lines: Vec<&str> = message.split('\n').collect();
    match blocks::parse_blocks(&lines) {
        Some(blocks) if blocks.iter().any(Block::has_text) => blocks,
        _ => vec![Block::Paragraph(parse_literal(message))],
    }
}

/// The message on one line, without its formatting.
pub fn plain_text(message: &str, name_of: NameOf) -> String {
    let mut line = String::new();
    for block in parse(message) {
        block.append_text(&mut line, name_of);
    }
    steps::add(line.len() * 3);
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Literal text in which only bare links and mentions are recognized, unless there are too many.
fn parse_literal(message: &str) -> Vec<Inline> {
    let inlines = |token| match token {
        Token::Text(text) => mentions::split_text(text),
        Token::Link(link) => vec![Inline::Autolink(link.to_owned())],
    };
    let inlines: Vec<_> = tokenize(message).into_iter().flat_map(inlines).collect();
    if Inline::count_nodes(&inlines) < NODES_MAX { inlines } else { vec![Inline::Text(message.to_owned())] }
}

impl Block {
    fn has_text(&self) -> bool {
        match self {
            Self::Paragraph(inlines) => inlines.iter().any(Inline::has_text),
            Self::Quote(blocks) => blocks.iter().any(Self::has_text),
            Self::List(items) => {
                items.iter().any(|item| item.number.is_some() || item.blocks.iter().any(Self::has_text))
            }
            Self::Code { text, .. } => !text.trim().is_empty(),
        }
    }

    fn append_text(&self, line: &mut String, name_of: NameOf) {
        match self {
            Self::Paragraph(inlines) => inlines.iter().for_each(|inline| inline.append_text(line, name_of)),
            Self::Quote(blocks) => blocks.iter().for_each(|block| block.append_text(line, name_of)),
            Self::Code { text, .. } => line.push_str(text),
            Self::List(items) => {
                for ListItem { number, blocks } in items {
                    line.push_str(&number.map(|number| format!("{number}. ")).unwrap_or_default());
                    for block in blocks {
                        block.append_text(line, name_of);
                    }
                }
            }
        }
        line.push(' ');
    }
}

impl Inline {
    fn children(&self) -> &[Self] {
        match self {
            Self::Strong(inlines)
            | Self::Emphasis(inlines)
            | Self::Strike(inlines)
            | Self::Link { label: inlines, .. } => inlines,
            _ => &[],
        }
    }

    /// The elements and texts that a client creates for them.
    fn count_nodes(inlines: &[Self]) -> usize {
        steps::add(inlines.len());
        let count = |inline: &Self| {
            let own = match inline {
                Self::Code(_) | Self::Autolink(_) | Self::Mention(_) => 2,
                // The host of the target stands after the label.
                Self::Link { .. } => 5,
                _ => 1,
            };
            own + Self::count_nodes(inline.children())
        };
        inlines.iter().map(count).sum()
    }

    fn has_text(&self) -> bool {
        match self {
            Self::Text(text) | Self::Code(text) | Self::Autolink(text) => !text.trim().is_empty(),
            Self::Mention(_) => true,
            _ => self.children().iter().any(Self::has_text),
        }
    }

    fn append_text(&self, line: &mut String, name_of: NameOf) {
        match self {
            Self::Text(text) | Self::Code(text) | Self::Autolink(text) => line.push_str(text),
            Self::Mention(id) => line.push_str(&mentions::shown_text(*id, name_of)),
            _ => self.children().iter().for_each(|inline| inline.append_text(line, name_of)),
        }
    }
}
