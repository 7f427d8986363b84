//! Markdown in messages.

use markdown::{
    Block, Inline, ListItem, links,
    mentions::{find_mentions, replace_mentions, token},
    parse, plain_text,
};
use shared::message::MESSAGE_MAX;
use url::Url;

/// Greater than the depths of nested blocks and nested emphasis together.
const DEPTH_MAX: usize = 32;
const NODES_MAX: usize = 300;

/// Parsing keeps every letter, allows only http, https and mailto links, and bounds depth and size.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let message: String = text.chars().take(MESSAGE_MAX).collect();
    let blocks = parse(&message);
    let mut summary = Summary::default();
    summary.add_blocks(&blocks, 0);
    assert_eq!(letters(&summary.text), letters(&message), "all letters are kept, in their order");
    assert!(summary.nodes <= NODES_MAX, "{} nodes", summary.nodes);
    assert!(summary.depth <= DEPTH_MAX, "nested {} deep", summary.depth);
    assert!(!plain_text(&message, &|_| None).contains('\n'), "plain text is one line");
    assert_eq!(find_mentions(&message).len(), summary.mentions, "mentions are found where they are shown");
    assert_eq!(replace_mentions(&message, &|_| None), message, "only mentions are replaced");
}

/// Punctuation may be markup, and digits may number a list.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).collect()
}

#[derive(Default)]
struct Summary {
    /// Visible text, code languages and link targets.
    text: String,
    nodes: usize,
    mentions: usize,
    depth: usize,
}

impl Summary {
    fn add_blocks(&mut self, blocks: &[Block], depth: usize) {
        self.depth = self.depth.max(depth);
        for block in blocks {
            self.nodes += 1;
            match block {
                Block::Paragraph(inlines) => self.add_inlines(inlines, depth + 1),
                Block::Quote(blocks) => self.add_blocks(blocks, depth + 1),
                Block::List(items) => {
                    for ListItem { blocks, .. } in items {
                        self.add_blocks(blocks, depth + 1);
                    }
                }
                Block::Code { language, text } => {
                    self.text.push_str(language);
                    self.text.push_str(text);
                }
            }
        }
    }

    fn add_inlines(&mut self, inlines: &[Inline], depth: usize) {
        self.depth = self.depth.max(depth);
        for inline in inlines {
            self.nodes += 1;
            match inline {
                Inline::Text(text) | Inline::Code(text) => self.text.push_str(text),
                Inline::Mention(id) => {
                    self.mentions += 1;
                    self.text.push_str(&token(*id));
                }
                Inline::Strong(inlines) | Inline::Emphasis(inlines) | Inline::Strike(inlines) => {
                    self.add_inlines(inlines, depth + 1);
                }
                Inline::Autolink(href) => {
                    assert_allowed_url(href);
                    self.text.push_str(href);
                }
                Inline::Link { href, label } => {
                    assert_allowed_url(href);
                    self.add_inlines(label, depth + 1);
                    self.text.push_str(href);
                }
            }
        }
    }
}

/// Uses a parser that follows the URL standard of browsers. A client shows what it rejects as text.
pub(crate) fn assert_allowed_url(href: &str) {
    assert!(links::is_allowed_url(href), "{href:?}");
    if let Ok(url) = Url::parse(href) {
        assert!(matches!(url.scheme(), "http" | "https" | "mailto"), "{href:?} leads to {url}");
        assert!(url.username().is_empty() && url.password().is_none(), "{href:?} has a user name");
    }
}
