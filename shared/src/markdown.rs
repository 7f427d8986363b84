//! What somebody said, read as Markdown as far as talking has a use for it: `CommonMark`'s emphasis, code, quotes, lists
//! and links, and strikethrough. Everything else (headings, pictures, HTML, links to anything but a page or a letter)
//! stays the text that it was. A line that is broken is broken, and numbers stay as they were written.
//!
//! Our own, because whoever opens a link waits for the client to arrive: with a parser of all of Markdown
//! (pulldown-cmark 0.13) it weighs 59 KB more, compressed, and with this 9 KB.

mod blocks;
mod emphasis;
mod inline;
pub mod links;
#[cfg(test)]
mod tests;

use self::links::{Piece, pieces};

/// Quotes and lists in each other, and emphasis in itself, are followed this deep. Beyond it all is text.
const DEEPEST: usize = 8;
/// A message of more parts than this is shown as the text that it is, and so is one of marks alone.
const MOST: usize = 2_000;

/// What stands in lines of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Lines of text.
    Paragraph(Vec<Span>),
    /// What somebody else said.
    Quote(Vec<Block>),
    /// A list, with numbers or without.
    List(Vec<Item>),
    /// Code between fences.
    Code {
        /// What was said to be its language; empty if nothing was.
        language: String,
        /// As it was written, without the last break.
        text: String,
    },
}

/// One of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// As it was written; none in a list without numbers.
    pub number: Option<u32>,
    /// What it holds.
    pub blocks: Vec<Block>,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// As it is.
    Text(String),
    /// The end of a line.
    Break,
    /// Code within a line.
    Code(String),
    /// Two asterisks or underscores on both sides.
    Strong(Vec<Span>),
    /// One of them on both sides.
    Emphasis(Vec<Span>),
    /// Two tildes on both sides.
    Strike(Vec<Span>),
    /// A link that stands in the text as it is.
    Bare(String),
    /// A link behind words.
    Link {
        /// Its address: [`links::may_lead_to`] it.
        to: String,
        /// The words, without links.
        label: Vec<Span>,
    },
}

/// Reads a message.
pub fn read(message: &str) -> Vec<Block> {
    let lines: Vec<&str> = message.split('\n').collect();
    let blocks = blocks::read(&lines, 0);
    let parts: usize = blocks.iter().map(Block::parts).sum();
    if parts > MOST || said_by(&blocks).is_empty() { as_it_is(message) } else { blocks }
}

/// A message in one line, without its marks.
pub fn line(message: &str) -> String {
    said_by(&read(message))
}

fn said_by(blocks: &[Block]) -> String {
    let mut line = String::new();
    for block in blocks {
        block.say(&mut line);
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Only its links are links.
fn as_it_is(message: &str) -> Vec<Block> {
    let piece = |piece| match piece {
        Piece::Text(text) => Span::Text(text.to_owned()),
        Piece::Link(link) => Span::Bare(link.to_owned()),
    };
    vec![Block::Paragraph(pieces(message).into_iter().map(piece).collect())]
}

impl Block {
    fn parts(&self) -> usize {
        let inside: usize = match self {
            Self::Paragraph(spans) => spans.iter().map(Span::parts).sum(),
            Self::Quote(blocks) => blocks.iter().map(Self::parts).sum(),
            Self::List(items) => items.iter().flat_map(|item| &item.blocks).map(Self::parts).sum(),
            Self::Code { .. } => 0,
        };
        inside + 1
    }

    fn say(&self, line: &mut String) {
        match self {
            Self::Paragraph(spans) => spans.iter().for_each(|span| span.say(line)),
            Self::Quote(blocks) => blocks.iter().for_each(|block| block.say(line)),
            Self::Code { text, .. } => line.push_str(text),
            Self::List(items) => {
                for Item { number, blocks } in items {
                    line.push_str(&number.map(|number| format!("{number}. ")).unwrap_or_default());
                    for block in blocks {
                        block.say(line);
                    }
                }
            }
        }
        line.push(' ');
    }
}

impl Span {
    fn inside(&self) -> &[Self] {
        match self {
            Self::Strong(spans)
            | Self::Emphasis(spans)
            | Self::Strike(spans)
            | Self::Link { label: spans, .. } => spans,
            _ => &[],
        }
    }

    fn parts(&self) -> usize {
        self.inside().iter().map(Self::parts).sum::<usize>() + 1
    }

    fn say(&self, line: &mut String) {
        match self {
            Self::Text(text) | Self::Code(text) | Self::Bare(text) => line.push_str(text),
            Self::Break => line.push(' '),
            _ => self.inside().iter().for_each(|span| span.say(line)),
        }
    }
}
