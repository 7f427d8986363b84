//! What somebody said.

use shared::markdown::{Block, Item, Span, line, links, read};
use url::Url;

/// The longest message, in characters.
const LONGEST: usize = 4_000;

/// Nothing that was said is lost, every link leads to a page or a letter, and there is an end to depth and number.
pub fn holds(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let message: String = text.chars().take(LONGEST).collect();
    let blocks = read(&message);
    let mut seen = Seen::default();
    seen.blocks(&blocks, 0);
    assert_eq!(letters(&seen.text), letters(&message), "all letters are seen, in their order");
    assert!(seen.parts <= 2_000 || matches!(&blocks[..], [Block::Paragraph(_)]), "{} parts", seen.parts);
    assert!(seen.deepest <= 32, "{} deep", seen.deepest);
    assert!(!line(&message).contains('\n'), "a line is one");
}

/// Signs may be marks, and digits number a list.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).collect()
}

/// What a person sees, and where they can go.
#[derive(Default)]
struct Seen {
    text: String,
    parts: usize,
    deepest: usize,
}

impl Seen {
    fn blocks(&mut self, blocks: &[Block], depth: usize) {
        self.deepest = self.deepest.max(depth);
        for block in blocks {
            self.parts += 1;
            match block {
                Block::Paragraph(spans) => self.spans(spans, depth + 1),
                Block::Quote(blocks) => self.blocks(blocks, depth + 1),
                Block::List(items) => {
                    for Item { blocks, .. } in items {
                        self.blocks(blocks, depth + 1);
                    }
                }
                Block::Code { language, text } => {
                    self.text.push_str(language);
                    self.text.push_str(text);
                }
            }
        }
    }

    fn spans(&mut self, spans: &[Span], depth: usize) {
        self.deepest = self.deepest.max(depth);
        for span in spans {
            self.parts += 1;
            match span {
                Span::Text(text) | Span::Code(text) => self.text.push_str(text),
                Span::Break => self.text.push('\n'),
                Span::Strong(spans) | Span::Emphasis(spans) | Span::Strike(spans) => {
                    self.spans(spans, depth + 1);
                }
                Span::Bare(to) => {
                    leads_to_a_page(to);
                    self.text.push_str(to);
                }
                Span::Link { to, label } => {
                    leads_somewhere_good(to);
                    self.spans(label, depth + 1);
                    self.text.push_str(to);
                }
            }
        }
    }
}

/// By the parser that follows the standard of browsers.
fn leads_to_a_page(to: &str) {
    if let Ok(url) = Url::parse(to) {
        assert!(matches!(url.scheme(), "http" | "https"), "{to:?} leads to {url}");
    }
}

pub(crate) fn leads_somewhere_good(to: &str) {
    assert!(links::may_lead_to(to), "{to:?}");
    if let Ok(url) = Url::parse(to) {
        assert!(matches!(url.scheme(), "http" | "https" | "mailto"), "{to:?} leads to {url}");
    }
}
